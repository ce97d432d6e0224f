// Two replicas of a team server in a cell, each restarted when a fault has ended it, and what their database shows in the end.
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../../../../daemon/contract/types.ts';
import { send } from '../../../support/http.ts';
import { testProgram, until, type Sandbox, type Started } from '../../../support/sandbox.ts';
import { ACCOUNT } from '../../../support/aws/test-aws.ts';
import { NAMES } from '../template.ts';
import { judgeReleases, type ObservedServer } from './judge-server.ts';
import { AGE_REKEY } from '../../../support/server/vault-key-file.ts';

const program = testProgram('faults', 'campaigns/faults/program.js');

interface Ground {
  readonly directory: string;
  readonly urlFile: string;
  /** Copied, because cells rekey. */
  readonly keyFile: string;
  /** Of the AWS in which the server delivers secrets. */
  readonly endpoint: string | undefined;
  readonly query: <Row>(statement: string) => Promise<Row[]>;
  readonly drop: () => Promise<void>;
}

export class CellReplicas {
  readonly sockets: readonly string[];
  readonly #box: Sandbox;
  readonly #ground: Ground;
  readonly #configs: readonly string[];
  readonly #replicas: Started[] = [];
  #isStopping = false;

  constructor(box: Sandbox, ground: Ground) {
    this.#box = box;
    this.#ground = ground;
    const { directory, urlFile, endpoint } = ground;
    const keyFile = join(directory, 'vault.key');
    copyFileSync(ground.keyFile, keyFile);
    this.sockets = [1, 2].map((each) => join(directory, `${String(each)}.sock`));
    this.#configs = this.sockets.map((socket) => {
      const config = `${socket}.yaml`;
      const settings = {
        ...{ listen: `unix:${socket}`, publicUrl: 'https://localhost', trustedProxies: ['unix'] },
        ...{ vault: { keyFile }, database: { urlFile, poolSize: 3 }, drain: { delaySeconds: 0 } },
        stateDirectory: directory,
        ...(endpoint === undefined ? {} : { awsAccounts: [{ account: ACCOUNT, endpoint }] }),
      };
      writeFileSync(config, JSON.stringify(settings), { mode: 0o600 });
      return config;
    });
  }

  /** Starts the replicas, and waits until both serve requests. */
  async ready(): Promise<void> {
    for (const index of this.sockets.keys()) this.#launch(index);
    for (const socket of this.sockets) await until('a replica', () => isReady(socket));
  }

  #launch(index: number): void {
    if (this.#isStopping) return;
    const started = this.#start(['serve', '--config', this.#configs[index] ?? '']);
    this.#replicas[index] = started;
    void started.ended.then(() => {
      this.#launch(index);
    });
  }

  #start(args: readonly string[]): Started {
    return this.#box.startProgram(process.execPath, [program, ...args]);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const { child } of this.#replicas) child.kill('SIGKILL');
    await Promise.all(this.#replicas.map(({ ended }) => ended));
    await this.#ground.drop();
  }

  /** Rekeys the vault as an operator does, who repeats a command that was killed. */
  async rekey(wrong: string[]): Promise<void> {
    await this.#command(['prepare'], /is already prepared/, wrong);
    for (const { child } of this.#replicas) child.kill('SIGHUP'); // they announce the new key
    await this.#command(['activate'], undefined, wrong);
    // A day later, the previous key is removed.
    await this.#ground.query(AGE_REKEY);
    await this.#command(['activate'], undefined, wrong);
    const keys = readFileSync(join(this.#ground.directory, 'vault.key'), 'utf8').trim().split('\n');
    if (keys.length !== 1) wrong.push(`left behind: ${String(keys.length)} keys`);
    const [row] = await this.#ground.query<{ old: number }>(
      `SELECT count(*)::int AS old FROM nf_escrow.secret_versions WHERE encode(substr(sealed, 2, 8), 'hex')
        <> (SELECT value FROM nf_escrow.meta WHERE key = 'vault-key')`,
    );
    if (row?.old !== 0) wrong.push(`left behind: ${String(row?.old)} values with the old key`);
  }

  async #command(args: readonly string[], done: RegExp | undefined, wrong: string[]): Promise<void> {
    let last = '';
    for (let tries = 0; tries < 60; tries += 1) {
      const command = ['serve', 'rekey', ...args, '--config', this.#configs[0] ?? ''];
      const { status, stderr } = await this.#start(command).ended;
      if (status === 0 || done?.test(stderr) === true) return;
      last = stderr;
      await sleep(200);
    }
    wrong.push(`hung: rekey ${args.join(' ')}: ${last}`);
  }

  /** Returns the number of releases. `state`: only those in this state; of `purged` ones, the server has the last report. */
  async releases(state?: 'purged'): Promise<number> {
    const condition = state === undefined ? '' : ` WHERE state = '${state}'`;
    return (await this.#ground.query(`SELECT id FROM nf_escrow.releases${condition}`)).length;
  }

  /** Returns the violations. `received`: how many releases the daemon has recorded. */
  async judge(runs: readonly Run[], received: number): Promise<string[]> {
    const { query } = this.#ground;
    const observed: ObservedServer = {
      releases: await query('SELECT id, run_id AS run, state, outcome FROM nf_escrow.releases'),
      events: await query(
        `SELECT type, data FROM nf_escrow.journal WHERE type IN ('secret.released', 'release.reported') ORDER BY seq`,
      ),
      pins: (await query<{ release_id: string }>('SELECT release_id FROM nf_escrow.release_pins')).map(
        ({ release_id }) => release_id,
      ),
      versions: (await query('SELECT secret_id FROM nf_escrow.secret_versions')).length,
      expectedVersions: NAMES.length,
    };
    return judgeReleases(observed, runs, received);
  }
}

async function isReady(socketPath: string): Promise<boolean> {
  if (!existsSync(socketPath)) return false;
  const headers = { host: 'localhost', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https' };
  const answer = await send({ socketPath, path: '/v1/ready', method: 'GET', headers }).catch(() => undefined);
  return answer?.status === 200;
}
