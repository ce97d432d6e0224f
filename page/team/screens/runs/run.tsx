import type { JSX } from 'preact';
import type { ReleaseSummary } from '../../../../daemon/contract/types.ts';
import { addressOf } from '../../../api/secrets.ts';
import { to } from '../../../app/router.ts';
import { Badge } from '../../../components/badge.tsx';
import { CopyButton } from '../../../components/copy.tsx';
import { Fact, Facts } from '../../../components/facts.tsx';
import { Name } from '../../../components/name.tsx';
import { ScreenHead } from '../../../components/screen-head.tsx';
import { Empty, Note } from '../../../components/states.tsx';
import { Table, type Column } from '../../../components/table.tsx';
import { Time } from '../../../components/time.tsx';
import { now } from '../../../format/times.ts';
import { useReleases } from '../../api/releases.ts';
import { Delivery } from './delivery.tsx';
import { isOverdue, ReleaseState } from './release-state.tsx';
import { PendingScreen } from '../pending-screen.tsx';

/** What the server knows of a run: which secrets it received, and what its daemon has reported. */
export function RunScreen({ run }: { readonly run: string }): JSX.Element {
  const { data, problem, retry } = useReleases({ run });
  if (data === undefined) return <PendingScreen title={run} problem={problem} retry={retry} />;
  return (
    <>
      <p class="crumbs">
        <a href={to(['runs'])}>Runs</a>
      </p>
      <ScreenHead
        title={run}
        subtitle={
          <span class="badges">
            {data.releases[0] !== undefined && <ReleaseState release={data.releases[0]} />}
            <CopyButton text={run} label="Copy the id" />
          </span>
        }
      />
      {data.releases.length === 0 && (
        <Empty icon="search" title="No run has this id">
          It does not exist, or you may not see its workspace.
        </Empty>
      )}
      <div class="sections">
        {data.releases.map((release) => (
          <Release key={release.id} release={release} />
        ))}
      </div>
    </>
  );
}

function Release({ release }: { readonly release: ReleaseSummary }): JSX.Element {
  const { workspace, user, createdAt, reportedAt, purgedAt, leases, secrets, computeEnvironment } = release;
  return (
    <section>
      {isOverdue(release, now.value) && <Overdue release={release} />}
      <Facts>
        <Fact title="Workspace">
          <a href={to(['workspaces', ...workspace.split('/'), 'runs'])}>
            <Name>{workspace}</Name>
          </a>
        </Fact>
        <Fact title="Launched by">
          <Name>{user}</Name>
        </Fact>
        <Fact title="Reports">
          <span>
            The daemon of <Name>{user}</Name>,{' '}
            {reportedAt === null ? (
              'which has not reported yet'
            ) : (
              <>
                last <Time at={reportedAt} />
              </>
            )}
          </span>
        </Fact>
        <Fact title="Released">
          <Time at={createdAt} />
        </Fact>
        <Fact title="Secrets held by">
          {computeEnvironment === undefined ? (
            <span>
              The daemon of <Name>{user}</Name>
            </span>
          ) : (
            <span>
              This server, in the compute environment{' '}
              <a href={to(['workspaces', ...workspace.split('/'), 'compute-envs', computeEnvironment])}>
                <Name>{computeEnvironment}</Name>
              </a>
            </span>
          )}
        </Fact>
        <Fact title="Secrets removed">
          {purgedAt !== null ? (
            <Time at={purgedAt} />
          ) : computeEnvironment === undefined ? (
            'Not reported'
          ) : (
            'Not yet'
          )}
        </Fact>
        {leases.length > 0 && (
          <Fact title="Delivered objects">
            <span class="badges">
              {leases.map(({ store, state, count }) => (
                <Badge key={`${store} ${state}`} tone={state === 'gone' ? 'good' : 'plain'}>
                  {count} {store}: {state}
                </Badge>
              ))}
            </span>
          </Fact>
        )}
      </Facts>
      {computeEnvironment !== undefined && <Delivery release={release} />}
      <h2 class="below">Secrets</h2>
      <Table label="Secrets" columns={columnsFor(workspace)} rows={secrets} keyOf={({ name }) => name} />
    </section>
  );
}

/** Why the removal is overdue, and what to do. The server retries what it holds itself. */
function Overdue({
  release: { user, computeEnvironment },
}: {
  readonly release: ReleaseSummary;
}): JSX.Element {
  if (computeEnvironment !== undefined)
    return (
      <Note tone="warn">
        <p class="strong">The run has ended, and the server has not removed the secrets yet.</p>
        <p>The server retries. If AWS denies it, the reason is below.</p>
      </Note>
    );
  return (
    <Note tone="warn">
      <p class="strong">The daemon of {user} has not reported that the secrets are removed.</p>
      <p>
        Ask the user to start the daemon, which retries the removal. If the host is lost, rotate the secrets.
      </p>
    </Note>
  );
}

type Released = ReleaseSummary['secrets'][number];

function columnsFor(workspace: string): readonly Column<Released>[] {
  return [
    {
      title: 'Name',
      kind: 'main',
      cell: ({ name }) => (
        <a class="row-link" href={addressOf(name, workspace)}>
          <Name mono>{name}</Name>
        </a>
      ),
    },
    { title: 'Version', kind: 'number', cell: ({ version }) => version },
  ];
}
