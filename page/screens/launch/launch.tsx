import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useParameterSchema, type AskedPipeline } from '../../api/launches.ts';
import { currentWorkspace, may, titleOf, useWorkspaces } from '../../api/workspaces.ts';
import { Button } from '../../components/button.tsx';
import { copy } from '../../components/copy.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import { clearDraft, draft, type Draft } from './draft.ts';
import { launchCommand } from './launch-command.ts';
import { groupsOf } from './parameter-schema.ts';
import { Parameters } from './parameters.tsx';
import { PipelineFields } from './pipeline-fields.tsx';
import { PlanCard } from './plan-card.tsx';
import { SecretChoice } from './secret-choice.tsx';
import { useLaunch } from './use-launch.ts';
import { WhereFields } from './where-fields.tsx';

/** A pause in which the person types nothing: a request for each letter would start a process each. */
const PAUSE_MS = 500;

/** The form that launches a run in the daemon. */
export function LaunchScreen(): JSX.Element {
  const { data, problem, retry } = useWorkspaces();
  const workspaces = data?.filter((one) => may(one, 'runs:launch'));
  if (workspaces === undefined)
    return problem === undefined ? <Skeleton rows={6} /> : <Failure problem={problem} retry={retry} />;
  if (workspaces.length === 0)
    return (
      <>
        <ScreenHead title="Launch" />
        <Empty icon="run" title="There is no workspace in which you can launch runs">
          Ask an owner or admin of a workspace for the launch role.
        </Empty>
      </>
    );
  const titles = workspaces.map(titleOf);
  const wanted = [draft.value.workspace, titleOf(currentWorkspace.value)];
  const workspace = wanted.find((title) => titles.includes(title)) ?? titles[0] ?? '';
  const isPersonal = workspaces.find((one) => titleOf(one) === workspace)?.visibility === 'personal';
  return <Form titles={titles} workspace={workspace} isPersonal={isPersonal} />;
}

interface FormProps {
  /** Workspaces in which the person may launch runs. */
  readonly titles: readonly string[];
  readonly workspace: string;
  readonly isPersonal: boolean;
}

function Form({ titles, workspace, isPersonal }: FormProps): JSX.Element {
  const asked = useAskedPipeline();
  const schema = useParameterSchema(asked);
  const found = schema.data?.schema ?? undefined;
  const groups = found === undefined || draft.value.isText ? undefined : groupsOf(found);
  const form = useLaunch(workspace, groups);
  const command = launchCommand(form.request);
  return (
    <>
      <ScreenHead
        title="Launch"
        subtitle={
          <>
            The daemon starts the run in the background, like <code>nf-escrow run --detach</code>.
          </>
        }
        actions={
          <>
            <Button kind="quiet" onClick={clearDraft}>
              Clear
            </Button>
            <Button
              icon="command"
              disabled={form.request.pipeline === ''}
              onClick={() => void copy(command, 'Command copied')}
            >
              Copy as command
            </Button>
          </>
        }
      />
      <form
        class="launch"
        noValidate
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          void form.review();
        }}
      >
        <div class="launch-form">
          <PipelineFields errorOf={form.errorOf} schemaProblem={schema.problem} />
          <Parameters schema={schema} groups={groups} isAsked={asked !== undefined} errorOf={form.errorOf} />
          <WhereFields titles={titles} workspace={workspace} errorOf={form.errorOf} />
          <SecretChoice workspace={workspace} isPersonal={isPersonal} error={form.errorOf('secrets')} />
        </div>
        <PlanCard form={form} command={command} />
      </form>
    </>
  );
}

/** Returns the pipeline whose parameters are shown. It changes when the person pauses. */
function useAskedPipeline(): AskedPipeline | undefined {
  const [asked, setAsked] = useState(() => askedPipeline(draft.peek()));
  const { pipeline, launchDirectory, revision, computeEnvironment } = draft.value;
  useEffect(() => {
    const timer = setTimeout(() => {
      setAsked(askedPipeline(draft.peek()));
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [pipeline, launchDirectory, revision, computeEnvironment]);
  return asked;
}

/** Returns the pipeline of the form, if it is complete enough to ask for its parameters. */
function askedPipeline(form: Draft): AskedPipeline | undefined {
  const { pipeline, launchDirectory, revision, computeEnvironment } = form;
  if (pipeline.trim() === '' || !launchDirectory.startsWith('/')) return undefined;
  return {
    pipeline: pipeline.trim(),
    launchDirectory: launchDirectory.trim(),
    ...(revision.trim() === '' ? {} : { revision: revision.trim() }),
    ...(computeEnvironment === '' ? {} : { computeEnvironment }),
  };
}
