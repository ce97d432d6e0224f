// A user's daemon (its modules) whose runs get secrets of a team server over HTTPS.
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { User } from '../../daemon/access/principal.ts';
import { findWorkspace } from '../../daemon/access/scopes.ts';
import { machineUser } from '../../daemon/access/principal.ts';
import type { StoredServer } from '../../daemon/api-client/https/stored-servers.ts';
import type { RunRequest } from '../../daemon/contract/types.ts';
import { identifySelf } from '../../daemon/system/processes/process-identity.ts';
import { SecretValue } from '../../daemon/vault/secret-value.ts';
import { assemble, placesIn, type DaemonModules } from './daemon-modules.ts';
import { HttpsFront } from './server/https-front.ts';
import { TeamServer } from './team-server.ts';
import { temporaryDirectory } from './temporary.ts';

/** A team server with the workspace `lab/rna`, and the modules of the daemon of a user who may launch there. */
export class TeamRuns {
  readonly server: TeamServer;
  readonly front: HttpsFront;
  readonly user: User;
  readonly modules: DaemonModules;
  /** The directory of run directories. */
  readonly runs: string;
  readonly launchDirectory: string;
  readonly servers: StoredServer[];
  readonly token: string;

  private constructor(parts: Omit<TeamRuns, 'set' | 'setOwn' | 'request' | 'release'>) {
    this.server = parts.server;
    this.front = parts.front;
    this.user = parts.user;
    this.modules = parts.modules;
    this.runs = parts.runs;
    this.launchDirectory = parts.launchDirectory;
    this.servers = parts.servers;
    this.token = parts.token;
  }

  static async start(t: Test): Promise<TeamRuns> {
    const server = await TeamServer.start(t);
    const user = await server.user('ada');
    await server.organization('lab', [[user, 'owner']]);
    await server.workspace({ organization: 'lab', name: 'rna', visibility: 'private' });
    const front = await HttpsFront.start(t, server.socketPath);
    const { text: token } = await server.token(user, { scopes: ['read', 'launch'] });
    const servers = [front.stored('vault.example.org', token)];
    const directory = temporaryDirectory(t);
    const launchDirectory = join(directory, 'launch');
    mkdirSync(launchDirectory);
    const where = placesIn(directory);
    const modules = await assemble(where, undefined, { servers: () => servers });
    t.teardown(modules.close);
    return new TeamRuns({ server, front, user, modules, runs: where.runs, launchDirectory, servers, token });
  }

  /** Sets a secret of `lab/rna` on the server and returns its value. */
  async set(name: string): Promise<string> {
    return setIn(this.server.modules, 'lab/rna', name);
  }

  /** Sets a secret of a workspace in the user's own ledger and returns its value. */
  async setOwn(title: string, name: string): Promise<string> {
    return setIn(this.modules, title, name);
  }

  request(workspace: string, change: Partial<RunRequest> = {}): RunRequest {
    return {
      ...{ workspace, selection: {}, launchDirectory: this.launchDirectory, nextflow: '/bin/true' },
      ...{ arguments: ['run', 'x'], localStore: null, launcher: identifySelf() },
      ...change,
    };
  }

  /** Returns the state that the server knows of a run. */
  async release(run: string) {
    return this.server.ledger.db
      .selectFrom('releases')
      .select(['id', 'state', 'outcome', 'leases', 'secrets', 'epoch', 'sequence'])
      .where('run_id', '=', run)
      .executeTakeFirst();
  }
}

async function setIn({ vault, ledger }: DaemonModules, title: string, name: string): Promise<string> {
  const value = `canary-${randomBytes(16).toString('hex')}`;
  const scope = await findWorkspace(ledger.db, title);
  await vault.set(machineUser(), scope, name, new SecretValue(Buffer.from(value)));
  return value;
}
