// A team server with three replicas on PostgreSQL behind a TLS proxy, and its users with their daemons.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pool } from 'pg';
import type { Test } from 'tap';
import { connectServer, type ServerClient } from '../../../daemon/api-client/https/server-client.ts';
import { startPostgres, type RunningPostgres } from '../../support/postgres.ts';
import { openPool } from '../../support/postgres-databases.ts';
import { randomOf, seedOf } from '../fuzz/random.ts';
import { Canaries, sha256 } from './canary.ts';
import { DroppingProxy } from './dropping-proxy.ts';
import { Member } from './member.ts';
import { createPeople } from './people.ts';
import { putSecret } from './put-secret.ts';
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
    const people = await createPeople(databaseUrl, size.daemons, titles);
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
    await putSecret(this.#admin, { title, name }, value);
  }
}

export function secretName(index: number): string {
  return `SECRET_${String(index)}`;
}
