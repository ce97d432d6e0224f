import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { TeamServer } from './team-server.ts';
import { freePorts } from '../free-ports.ts';
import { until } from '../sandbox.ts';
import { LoggedProcess } from './logged-process.ts';

/** A replica of `nf-escrow serve`: its own process, on a port of loopback that it keeps. */
export interface Replica {
  readonly port: number;
  readonly caFile: string;
  readonly process: LoggedProcess;
  readonly directory: string;
  isReady(): Promise<boolean>;
}

/** How to configure replicas. `command`: what starts them, by default the program of the tests. */
interface ReplicaOptions {
  readonly count: number;
  readonly databaseUrl: string;
  readonly publicUrl: string;
  readonly command?: readonly [string, ...string[]];
  /** Limits that differ from the defaults. */
  readonly limits?: Readonly<Record<string, number>>;
  readonly awsAccounts?: readonly object[];
  /** Returns the variables of a replica. */
  readonly env?: (index: number) => Readonly<Record<string, string>>;
}

/** Configures replicas of one server, which trust a proxy on loopback. The first administrator exists afterwards. */
export async function configureReplicas(
  t: Test,
  { count, databaseUrl, publicUrl, command, limits = {}, awsAccounts = [], env = () => ({}) }: ReplicaOptions,
): Promise<{ readonly replicas: readonly Replica[]; readonly adminToken: string }> {
  const ports = await freePorts(count);
  const servers = ports.map(() => new TeamServer(t));
  const [first] = servers;
  if (first === undefined) throw new Error('a server has at least one replica');
  for (const [index, server] of servers.entries()) {
    const urlFile = join(server.box.directory, 'database-url');
    writeFileSync(urlFile, `${databaseUrl}\n`, { mode: 0o600 });
    if (command !== undefined) server.box.command = command;
    Object.assign(server.box.env, env(index));
    server.port = ports[index] ?? 0;
    server.configure({
      listen: `127.0.0.1:${String(server.port)}`,
      publicUrl,
      trustedProxies: ['127.0.0.1'],
      database: { urlFile },
      ...{ limits, awsAccounts },
      vault: { keyFile: join(first.box.directory, 'key', 'vault.key') },
    });
  }
  mkdirSync(join(first.box.directory, 'key'), { mode: 0o700 });
  await first.init();
  const replicas = servers.map((server): Replica => {
    const { directory } = server.box;
    const args = ['serve', '--config', server.configFile];
    return {
      process: new LoggedProcess(server.box, args, join(directory, 'server.log')),
      ...{ directory, port: server.port, caFile: server.authority.caFile },
      isReady: async () => (await server.request('/v1/ready').catch(() => undefined))?.status === 200,
    };
  });
  return { replicas, adminToken: first.token };
}

/** Starts a replica and waits until it serves requests. A replica that did not start is started again, as systemd does. */
export async function startReplica(replica: Replica): Promise<void> {
  await until('a replica is ready', async () => {
    replica.process.start();
    return replica.isReady();
  });
}
