import type { JSX } from 'preact';
import type { Problem, Run, RunList } from '../../../daemon/contract/types.ts';
import { call } from '../../api/call.ts';
import { useResource } from '../../api/resource.ts';
import { errorsOf } from './launch-errors.ts';
import { TextField } from './text-field.tsx';

interface PipelineFieldsProps {
  readonly errorOf: (field: string) => string | undefined;
  /** Why the parameters of the pipeline could not be read. */
  readonly schemaProblem: Problem | undefined;
}

/** What to run, and where Nextflow starts. Suggests what earlier runs used. */
export function PipelineFields({ errorOf, schemaProblem }: PipelineFieldsProps): JSX.Element {
  const { data } = useResource('runs/launch', () => call<RunList>('GET', 'v1/runs?limit=50'));
  const runs = data?.runs ?? [];
  const early =
    schemaProblem === undefined ? undefined : errorsOf({ problem: schemaProblem, groups: undefined });
  const error = (field: string): string | undefined => errorOf(field) ?? early?.get(field);
  return (
    <section>
      <h2>Pipeline</h2>
      <TextField
        name="pipeline"
        label="Pipeline"
        remark="Required"
        placeholder="nf-core/rnaseq"
        hint="A path on the daemon's host, a repository name or a URL."
        error={error('pipeline')}
        suggestions={[...new Set(runs.flatMap(pipelineIn))]}
      />
      <TextField
        name="launchDirectory"
        label="Launch directory"
        remark="Required"
        placeholder="/data/my-project"
        hint="An existing directory. Nextflow starts here and writes its log and cache here."
        error={error('launchDirectory')}
        suggestions={[...new Set(runs.map(({ launchDirectory }) => launchDirectory))]}
      />
      <div class="form-row">
        <TextField
          name="revision"
          label="Revision"
          placeholder="3.18.0"
          hint="A branch, tag or commit."
          error={error('revision')}
        />
        <TextField
          name="profile"
          label="Profiles"
          placeholder="test,singularity"
          hint="One or more profiles, separated by commas."
          error={error('profile')}
        />
      </div>
    </section>
  );
}

/** Returns the pipeline of a run, if it comes first, as in most command lines. */
function pipelineIn({ arguments: words }: Run): readonly string[] {
  const pipeline = words[words.indexOf('run') + 1];
  return pipeline === undefined || /^-|\s/.test(pipeline) ? [] : [pipeline];
}
