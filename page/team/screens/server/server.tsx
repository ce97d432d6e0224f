import type { JSX } from 'preact';
import type { ReadinessWarning, ServerOverview } from '../../../../daemon/contract/types.ts';
import { Badge } from '../../../components/badge.tsx';
import { Fact, Facts } from '../../../components/facts.tsx';
import { Name } from '../../../components/name.tsx';
import { ScreenHead } from '../../../components/screen-head.tsx';
import { Empty, Failure, Note, Skeleton } from '../../../components/states.tsx';
import { Table, type Column } from '../../../components/table.tsx';
import { Time } from '../../../components/time.tsx';
import { bytes, count, grouped } from '../../../format/counts.ts';
import { useServer } from '../../api/accounts.ts';

/** The state of the server for its administrators. */
export function Server(): JSX.Element {
  const { data, problem, retry } = useServer();
  return (
    <>
      <ScreenHead title="Server" subtitle="Replicas, database, keys, backups and limits of this server." />
      {problem !== undefined && <Failure problem={problem} retry={retry} />}
      {data === undefined ? problem === undefined && <Skeleton rows={8} /> : <Overview server={data} />}
    </>
  );
}

function Overview({ server }: { readonly server: ServerOverview }): JSX.Element {
  const { version, publicUrl, provider, sessions, users, database, backups, keys, replicas, limits } = server;
  const names = Object.entries(limits).sort(([one], [other]) => (one < other ? -1 : 1));
  return (
    <div class="sections">
      <section>
        {database.warnings.map((warning) => (
          <Note key={warning} tone="warn">
            {WARNINGS[warning]}
          </Note>
        ))}
        <Facts>
          <Fact title="Version">{version}</Fact>
          <Fact title="Address">
            <Name mono>{publicUrl}</Name>
          </Fact>
          <Fact title="Sign-in">{provider === null ? 'Sign-in links' : <Name>{provider}</Name>}</Fact>
          <Fact title="Users">
            {grouped(users.active)} active, {grouped(users.suspended)} suspended
          </Fact>
          <Fact title="Sessions">
            {grouped(sessions.open)} open. They end after {count(sessions.idleMinutes, 'minute')} without a
            request, and after {count(sessions.lifetimeHours, 'hour')}
          </Fact>
        </Facts>
      </section>
      <section>
        <h2>Replicas</h2>
        {replicas.length === 0 ? (
          <Empty icon="server" title="No replica has reported" />
        ) : (
          <Table
            label="Replicas"
            columns={REPLICAS}
            rows={replicas}
            keyOf={({ host, started, reported }) => `${host ?? ''} ${started ?? ''} ${reported}`}
          />
        )}
      </section>
      <section>
        <h2>Keys in use</h2>
        {keys.length === 0 ? (
          <p class="quiet-text">No value is stored yet.</p>
        ) : (
          <Table label="Keys in use" columns={KEYS} rows={keys} keyOf={({ id }) => id} />
        )}
      </section>
      <section>
        <h2>Database</h2>
        <Facts>
          <Fact title="Kind">
            {database.kind === 'sqlite' ? 'SQLite' : `PostgreSQL ${database.version ?? ''}`}
          </Fact>
          <Fact title="Size">{bytes(database.sizeBytes)}</Fact>
          <Fact title="Schema version">{database.schemaVersion}</Fact>
        </Facts>
      </section>
      <Backups backups={backups} />
      <section>
        <h2>Limits</h2>
        <Table label="Limits" columns={LIMITS} rows={names} keyOf={([name]) => name} />
      </section>
    </div>
  );
}

function Backups({ backups }: Pick<ServerOverview, 'backups'>): JSX.Element {
  const { archivesWal, lastArchived, lastArchiveFailure, lastRestored } = backups;
  return (
    <section>
      <h2>Backups</h2>
      <Facts>
        <Fact title="Archive of PostgreSQL">
          {archivesWal === null ? 'Not with SQLite' : archivesWal ? 'On' : <Badge tone="warn">Off</Badge>}
        </Fact>
        {lastArchived !== null && (
          <Fact title="Last archived">
            <Time at={lastArchived} />
          </Fact>
        )}
        {lastArchiveFailure !== null && (
          <Fact title="Last failure">
            <Badge tone="warn" icon="alert">
              <Time at={lastArchiveFailure} />
            </Badge>
          </Fact>
        )}
        <Fact title="Last restored">{lastRestored === null ? 'Never' : <Time at={lastRestored} />}</Fact>
      </Facts>
      <p class="quiet-text below">
        The server makes no backups. Back up the database and the key of the vault, and try to restore them.
      </p>
    </section>
  );
}

const WARNINGS: Readonly<Record<ReadinessWarning, string>> = {
  'certificate-expires-soon': 'The certificate of the server expires soon. Renew it.',
  'certificate-expired': 'The certificate of the server has expired. Renew it.',
  'certificate-wrong-host':
    'The certificate of the server is for another host. Install one for the public URL.',
  'no-synchronous-standby':
    'The database has no synchronous standby. A failover can lose the last changes. Set synchronous_standby_names.',
  'database-cluster-changed':
    'The server is connected to another database cluster than before. If you restored a backup, run nf-escrow serve restore.',
  'vault-key-not-from-kms':
    'vault.kmsKeyId is set, but no key of the vault comes from AWS KMS. Run nf-escrow serve rekey prepare --kms.',
};

const REPLICAS: readonly Column<ServerOverview['replicas'][number]>[] = [
  { title: 'Host', kind: 'main', cell: ({ host }) => <Name>{host ?? 'Unknown'}</Name> },
  { title: 'Version', kind: 'wide', cell: ({ version }) => version ?? 'Earlier' },
  { title: 'Keys', kind: 'widest', cell: ({ keys }) => keys.length },
  { title: 'Started', kind: 'wide', cell: ({ started }) => (started === null ? '–' : <Time at={started} />) },
  { title: 'Last report', kind: 'time', cell: ({ reported }) => <Time at={reported} /> },
];

const KEYS: readonly Column<ServerOverview['keys'][number]>[] = [
  {
    title: 'Key',
    kind: 'main',
    cell: ({ id, isCurrent }) => (
      <span class="badges">
        <Name mono>{id}</Name>
        {isCurrent ? <Badge tone="good">Current</Badge> : <Badge tone="warn">Previous</Badge>}
      </span>
    ),
  },
  { title: 'Values', kind: 'number', cell: ({ values }) => grouped(values) },
];

const LIMITS: readonly Column<readonly [string, number]>[] = [
  { title: 'Setting', kind: 'main', cell: ([name]) => <Name mono>{`limits.${name}`}</Name> },
  { title: 'Value', kind: 'number', cell: ([, value]) => grouped(value) },
];
