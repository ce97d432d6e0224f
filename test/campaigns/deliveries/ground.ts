// A team server with three replicas on PostgreSQL with a standby, behind a TLS proxy, which delivers to a fake AWS, and its requesters.
import type { Test } from 'tap';
import { connectServer, type ServerClient } from '../../../daemon/api-client/https/server-client.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { ACCOUNT, QUEUE, REGION, startAws } from '../../support/aws/test-aws.ts';
import { testProgram } from '../../support/sandbox.ts';
import { configureReplicas, startReplica, type Replica } from '../../support/server/replicas.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { randomOf, seedOf } from '../fuzz/random.ts';
import { Canaries, sha256 } from '../team/canary.ts';
import { DroppingProxy } from '../team/dropping-proxy.ts';
import { createPeople } from '../team/people.ts';
import { putSecret } from '../team/put-secret.ts';
import { AwsRecord } from './aws-record.ts';
import { Cluster } from './cluster.ts';
import { Requester } from './requester.ts';
import { RoleSession } from './role-session.ts';
import { SIGNATURE_MS } from './short-times.ts';
import { Tasks } from './tasks.ts';

/** Size of a campaign. */
export interface Size {
  readonly seed: number;
  readonly replicas: number;
  /** Daemons that request deliveries. */
  readonly daemons: number;
  readonly workspaces: number;
  /** Of 100 runs, the daemon of this number is lost. */
  readonly lostPercent: number;
  /** Creations and deletions of secrets that AWS permits in a second. */
  readonly perSecond: number;
}

const SECRETS = ['A_KEY', 'B_KEY', 'C_KEY'];
/** In every second workspace, values need two AWS secrets. */
const LARGE = 40_000;
const UNLIMITED = 999_999_999;

export class DeliveriesGround {
  readonly aws: StrictAws;
  readonly record: AwsRecord;
  readonly cluster: Cluster;
  readonly proxy: DroppingProxy;
  readonly replicas: readonly Replica[];
  readonly sessions: readonly RoleSession[];
  readonly requesters: readonly Requester[];
  readonly tasks: Tasks;
  readonly canaries: Canaries;
  readonly admin: ServerClient;

  private constructor(
    parts: Pick<
      DeliveriesGround,
      | 'aws'
      | 'record'
      | 'cluster'
      | 'proxy'
      | 'replicas'
      | 'sessions'
      | 'requesters'
      | 'tasks'
      | 'canaries'
      | 'admin'
    >,
  ) {
    this.aws = parts.aws;
    this.record = parts.record;
    this.cluster = parts.cluster;
    this.proxy = parts.proxy;
    this.replicas = parts.replicas;
    this.sessions = parts.sessions;
    this.requesters = parts.requesters;
    this.tasks = parts.tasks;
    this.canaries = parts.canaries;
    this.admin = parts.admin;
  }

  /** Returns undefined without PostgreSQL, root or moto. */
  static async start(t: Test, size: Size): Promise<DeliveriesGround | undefined> {
    const cluster = await Cluster.start(t);
    const aws = cluster === undefined ? undefined : await startAws(t);
    if (cluster === undefined || aws === undefined) return undefined;
    Object.assign(aws.rules, { perSecond: size.perSecond, signatureMs: SIGNATURE_MS });
    const proxy = await DroppingProxy.start(t, randomOf(seedOf(size.seed, 'proxy')));
    const directory = temporaryDirectory(t);
    const sessions = Array.from(
      { length: size.replicas },
      (_, index) => new RoleSession(aws, directory, index),
    );
    const url = `https://localhost:${String(proxy.port)}`;
    const { replicas, adminToken } = await configureReplicas(t, {
      ...{ count: size.replicas, databaseUrl: cluster.url, publicUrl: url },
      command: [process.execPath, testProgram('deliveries', 'campaigns/deliveries/program.js')],
      awsAccounts: [{ account: ACCOUNT, endpoint: aws.endpoint }],
      env: (index) => sessions[index]?.env ?? {},
      limits: {
        ...{ releasesPerMinute: UNLIMITED, workspaceReleasesPerMinute: UNLIMITED },
        releaseBytesPerMinute: UNLIMITED,
      },
    });
    t.teardown(() => Promise.all(replicas.map(({ process: one }) => one.close())));
    proxy.passTo(replicas);
    await Promise.all(replicas.map(startReplica));
    const { caFile } = proxy.authority;
    const admin = connectServer({ url: new URL(url), token: adminToken, caFile, timeoutMs: 30_000 });
    t.teardown(() => {
      admin.close();
    });
    const titles = Array.from({ length: size.workspaces }, (_, index) => `lab/w${String(index)}`);
    const people = await createPeople(cluster.url, size.daemons, titles);
    const canaries = new Canaries();
    const values = new Map<string, string>();
    for (const [index, title] of titles.entries()) {
      await makeEnvironment(admin, title, index);
      for (const name of SECRETS) {
        const value = canaries.next().padEnd(index % 2 === 0 ? LARGE : 0, '-');
        values.set(`${title} ${name}`, sha256(value));
        await putSecret(admin, { title, name }, value);
      }
    }
    const tasks = new Tasks(aws, values);
    const requesters: Requester[] = [];
    for (const { name, token, title } of people)
      requesters.push(
        await Requester.open(t, {
          ...{ name, title, tasks, secrets: SECRETS, lostPercent: size.lostPercent },
          server: { name: 'vault', url, token, caFile },
          random: randomOf(seedOf(size.seed, name)),
        }),
      );
    const record = new AwsRecord(cluster);
    aws.observer = record;
    return new DeliveriesGround({
      ...{ aws, record, cluster, proxy, replicas, sessions, requesters, tasks, canaries, admin },
    });
  }
}

async function makeEnvironment(admin: ServerClient, title: string, index: number): Promise<void> {
  await admin.call('POST', `/v1/workspaces/${title}/compute-envs`, {
    ...{ name: 'batch', platform: 'aws-batch' },
    aws: {
      ...{ region: REGION, queue: QUEUE, workDir: 's3://nf-work/run' },
      executionRole: `arn:aws:iam::${ACCOUNT}:role/nf-escrow-lab-w${String(index)}`,
    },
  });
}
