import type { JSX } from 'preact';
import type { ServerEnvironment } from '../../../../daemon/contract/types.ts';
import { titleOf, type WorkspaceName } from '../../../api/workspaces.ts';
import { to } from '../../../app/router.ts';
import { Badge } from '../../../components/badge.tsx';
import { Command, CopyButton } from '../../../components/copy.tsx';
import { Fact, Facts } from '../../../components/facts.tsx';
import { Name } from '../../../components/name.tsx';
import { ScreenHead } from '../../../components/screen-head.tsx';
import { Failure, Skeleton } from '../../../components/states.tsx';
import { Time } from '../../../components/time.tsx';
import { commandLine } from '../../../format/command.ts';
import { visibleText } from '../../../format/visible-text.ts';
import { useServerEnvironment } from '../../api/compute-envs.ts';
import { onServer } from '../../api/on-server.ts';

interface ScreenProps {
  readonly workspace: WorkspaceName;
  readonly name: string;
}

/** The settings of a compute environment on the server, and how to start a run in it. */
export function ComputeEnvironmentScreen({ workspace, name }: ScreenProps): JSX.Element {
  const { data, problem, retry } = useServerEnvironment(workspace, name);
  return (
    <>
      <p class="crumbs">
        <a href={to(['workspaces', workspace.organization, workspace.name, 'compute-envs'])}>
          Compute environments of {titleOf(workspace)}
        </a>
      </p>
      <ScreenHead
        title={visibleText(name)}
        subtitle={
          data !== undefined && (
            <span class="badges">
              <Badge icon="server">AWS Batch, {data.aws.region}</Badge>
              <span>
                Created <Time at={data.dateCreated} /> by <Name>{data.createdBy}</Name>
              </span>
            </span>
          )
        }
      />
      {problem !== undefined && <Failure problem={problem} retry={retry} />}
      {data === undefined ? problem === undefined && <Skeleton rows={6} /> : <Details environment={data} />}
    </>
  );
}

function Details({ environment }: { readonly environment: ServerEnvironment }): JSX.Element {
  const { name, workspace, aws } = environment;
  const { region, queue, workDir, executionRole, kmsKey, layout } = aws;
  return (
    <div class="sections">
      <section>
        <h2>Settings</h2>
        <Facts>
          <Fact title="Region">{visibleText(region)}</Fact>
          <Fact title="Job queue">
            <Copied text={queue} label="Copy the job queue" />
          </Fact>
          <Fact title="Work directory">
            <Copied text={workDir} label="Copy the work directory" />
          </Fact>
          <Fact title="Execution role">
            <Copied text={executionRole} label="Copy the execution role" />
          </Fact>
          <Fact title="KMS key">
            {kmsKey === undefined ? (
              "The account's key for Secrets Manager"
            ) : (
              <Copied text={kmsKey} label="Copy the KMS key" />
            )}
          </Fact>
          <Fact title="AWS secrets">
            {layout === 'per-secret' ? 'One for each secret of a run' : 'One for each run'}
          </Fact>
        </Facts>
      </section>
      <section>
        <h2>Start a run</h2>
        <p class="quiet-text">
          Tasks receive the secrets that their processes declare with the directive secret. Who may pass the
          execution role can read the secrets of the live runs.
        </p>
        <Command>
          {commandLine(
            ...['nf-escrow', 'run', '--workspace', onServer(workspace)],
            ...['--compute-env', name, 'main.nf'],
          )}
        </Command>
      </section>
    </div>
  );
}

function Copied({ text, label }: { readonly text: string; readonly label: string }): JSX.Element {
  return (
    <span class="badges">
      <Name mono>{text}</Name>
      <CopyButton text={text} label={label} />
    </span>
  );
}
