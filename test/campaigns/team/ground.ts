// A team server with three replicas on PostgreSQL behind a TLS proxy, and its users with their daemons.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pool } from 'pg';
import type { Test } from 'tap';
import { connectServer, type ServerClient } from '../../../daemon/api-client/https/server-client.ts';
import { EscrowError } from '../../../daemon/errors.ts';
import { openPostgresLedger } from '../../../daemon/ledger/postgres/open.ts';
import { startPostgres, type RunningPostgres } from '../../support/postgres.ts';
import { openPool } from '../../support/postgres-databases.ts';
import { Team } from '../../support/team.ts';
import { randomOf, seedOf } from '../fuzz/random.ts';
import { Canaries, sha256 } from './canary.ts';
import { DroppingProxy } from './dropping-proxy.ts';
import { Member } from './member.ts';
import { configureReplicas, startReplica, type Replica } from '../../support/server/replicas.ts';

/** Size of a campaign. */
export interface Size {
  readonly seed: number;
  readonly replicas: number;
  readonly daemons: number;
  readonly workspaces: number;
  /** Secrets in each workspace. */
  readonly secrets: number;
  /** Of 100 runs, this number is started. */
  readonly startPercent: number;
}

/** A value that was set. `version` is unknown if the response was lost. */
interface KnownValue {
  readonly title: string;
  readonly name: string;
}

const SERVER = 'vault';
/** Named in the home of the account of PostgreSQL, so that a later campaign recognizes what a killed one has left. */
export const MARKER = 'team-campaign';

export class TeamGround {
  readonly postgres: RunningPostgres;
  readonly database: Pool;
  readonly proxy: DroppingProxy;
  readonly replicas: readonly Replica[];
  readonly members: readonly Member[];
  readonly canaries = new Canaries();
  /** Values by their SHA-256. */
  readonly values = new Map<string, KnownValue>();
  readonly titles: readonly string[];
  readonly #admin: ServerClient;

  private constructor(
    parts: Pick<TeamGround, 'postgres' | 'database' | 'proxy' | 'replicas' | 'members' | 'titles'>,
    admin: ServerClient,
  ) {
    this.postgres = parts.postgres;
    this.database = parts.database;
    this.proxy = parts.proxy;
    this.replicas = parts.replicas;
    this.members = parts.members;
    this.titles = parts.titles;
    this.#admin = admin;
  }

  /** Returns undefined without PostgreSQL or root. */
  static async start(t: Test, size: Size): Promise<TeamGround | undefined> {
    const postgres = await startPostgres(t);
    if (postgres === undefined) return undefined;
    writeFileSync(join(postgres.host, MARKER), '');
    const database = openPool({ ...postgres, max: 4 });
    t.teardown(() => database.end());
    await database.query(`ALTER SYSTEM SET wal_keep_size = '8GB'`); // all of it is searched at the end
    await database.query('SELECT pg_reload_conf()');
    const proxy = await DroppingProxy.start(t, randomOf(seedOf(size.seed, 'proxy')));
    const databaseUrl = `postgres://escrow@/postgres?host=${postgres.host}`;
    const { replicas, adminToken } = await configureReplicas(t, {
      ...{ count: size.replicas, databaseUrl, publicUrl: `https://localhost:${String(proxy.port)}` },
    });
    t.teardown(() => Promise.all(replicas.map(({ process }) => process.close())));
    proxy.passTo(replicas);
    await Promise.all(replicas.map(startReplica));
    const titles = Array.from({ length: size.workspaces }, (_, index) => `lab/w${String(index)}`);
    const people = await createPeople(databaseUrl, size, titles);
    const url = `https://localhost:${String(proxy.port)}`;
    const { caFile } = proxy.authority;
    const members = people.map(
      ({ name, token, title }) =>
        new Member(t, {
          ...{ name, workspace: `${SERVER}:${title}`, startPercent: size.startPercent },
          server: { name: SERVER, url, token, caFile },
          random: randomOf(seedOf(size.seed, name)),
        }),
    );
    const admin = connectServer({ url: new URL(url), token: adminToken, caFile, timeoutMs: 30_000 });
    t.teardown(() => {
      admin.close();
    });
    const ground = new TeamGround({ postgres, database, proxy, replicas, members, titles }, admin);
    for (const title of titles)
      for (let index = 0; index < size.secrets; index += 1) await ground.setSecret(title, secretName(index));
    return ground;
  }

  /** Sets a secret to a new value, through the proxy. Repeats the request until a replica has responded. */
  async setSecret(title: string, name: string): Promise<void> {
    const value = this.canaries.next();
    this.values.set(sha256(value), { title, name });
    const body = { valueBase64: Buffer.from(value).toString('base64') };
    for (;;)
      try {
        await this.#admin.call('PUT', `/v1/workspaces/${title}/secrets/${name}`, body);
        return;
      } catch (error) {
        const isTemporary =
          error instanceof EscrowError &&
          ['server-unreachable', 'not-ready', 'ledger-unavailable'].includes(error.code);
        if (!isTemporary) throw error;
      }
  }
}

export function secretName(index: number): string {
  return `SECRET_${String(index)}`;
}

interface Person {
  readonly name: string;
  readonly token: string;
  readonly title: string;
}

/** Creates users, the organization, its workspaces and tokens in the database: no API creates tokens for others. */
async function createPeople(
  databaseUrl: string,
  { daemons }: Size,
  titles: readonly string[],
): Promise<Person[]> {
  const ledger = await openPostgresLedger(databaseUrl, { connections: 2 });
  try {
    const team = new Team(ledger);
    const { id } = await ledger.db
      .selectFrom('users')
      .select('id')
      .where('administrator', '=', 1)
      .executeTakeFirstOrThrow();
    const users = [];
    for (let index = 0; index < daemons; index += 1) users.push(await team.user(`user${String(index)}`));
    const admin = { kind: 'user', id, user: '' } as const;
    await team.organization('lab', [[admin, 'owner'], ...users.map((user) => [user, 'member'] as const)]);
    const workspaces = [];
    for (const title of titles) {
      const [organization = '', name = ''] = title.split('/');
      workspaces.push({ title, id: await team.workspace({ organization, name, visibility: 'private' }) });
    }
    const people: Person[] = [];
    for (const [index, user] of users.entries()) {
      const workspace = workspaces[index % workspaces.length];
      if (workspace === undefined) throw new Error('a campaign has at least one workspace');
      await team.member(workspace.id, user, 'launch');
      const { text: token } = await team.token(user, {
        name: randomBytes(4).toString('hex'),
        scopes: ['read', 'launch'],
      });
      people.push({ name: user.user, token, title: workspace.title });
    }
    return people;
  } finally {
    await ledger.close();
  }
}
