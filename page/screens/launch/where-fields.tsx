import type { JSX } from 'preact';
import type { ComputeEnvironment } from '../../../daemon/contract/types.ts';
import { readAll } from '../../api/read-all.ts';
import { useResource } from '../../api/resource.ts';
import { Field } from '../../components/field.tsx';
import { visibleText } from '../../format/visible-text.ts';
import { change, draft } from './draft.ts';
import { TextField } from './text-field.tsx';

interface WhereFieldsProps {
  readonly titles: readonly string[];
  readonly workspace: string;
  readonly errorOf: (field: string) => string | undefined;
}

/** Whose secrets the run gets, and where it executes. */
export function WhereFields({ titles, workspace, errorOf }: WhereFieldsProps): JSX.Element {
  const { data: environments = [] } = useResource('compute-envs', () =>
    readAll<ComputeEnvironment>('v1/compute-envs', 'computeEnvironments'),
  );
  return (
    <section>
      <h2>Execution</h2>
      <div class="form-row">
        <Field
          label="Workspace"
          error={errorOf('workspace')}
          hint="The run gets the secrets of this workspace."
        >
          {(attributes) => (
            <select
              {...attributes}
              value={workspace}
              onChange={(event) => {
                change({ workspace: event.currentTarget.value, only: {} });
              }}
            >
              {titles.map((title) => (
                <option key={title} value={title}>
                  {title}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Compute environment" error={errorOf('computeEnvironment')} hint="Where tasks execute.">
          {(attributes) => (
            <select
              {...attributes}
              value={draft.value.computeEnvironment}
              onChange={(event) => {
                change({ computeEnvironment: event.currentTarget.value });
              }}
            >
              <option value="">Default</option>
              {environments.map(({ name }) => (
                <option key={name} value={name}>
                  {visibleText(name)}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <TextField
        name="workDirectory"
        label="Work directory"
        placeholder="/scratch/work or s3://bucket/work"
        hint="If empty, Nextflow uses the work directory of the pipeline's configuration."
        error={errorOf('workDirectory')}
      />
    </section>
  );
}
