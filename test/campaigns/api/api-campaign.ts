import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { Sandbox, root } from '../../support/sandbox.ts';
import { openListener, type Listener } from '../../support/tcp.ts';
import { CAMPAIGN_TOKEN, openGateway, type Upstream } from './gateway.ts';

/** What schemathesis does to the API. */
export interface ApiCampaign {
  /** The program `st` of schemathesis. */
  readonly schemathesis: string;
  readonly over: 'socket' | 'tcp';
  /** Cases that each phase generates for an operation at most. */
  readonly examples: number;
  readonly seed: number;
  /** Phases of schemathesis. Default: all. */
  readonly phases?: string;
  /** Only this operation. */
  readonly operation?: string;
}

/** What came of it. */
export interface ApiResult {
  readonly status: number | null;
  readonly output: string;
  /** Responses of the daemon, by status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly cases: number;
  /** How often a request stopped the daemon, which was started again. */
  readonly restarts: number;
}

/** Runs schemathesis with all its checks against a real daemon, over its socket or over TCP. */
export async function runApiCampaign(
  t: Pick<Test, 'teardown'>,
  campaign: ApiCampaign,
  tell: (line: string) => void,
): Promise<ApiResult> {
  // A fake Nextflow that does nothing: generated pipelines are not run.
  const directory = mkdtempSync(join(tmpdir(), 'nfe-api-'));
  t.teardown(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const nextflow = join(directory, 'nextflow');
  writeFileSync(nextflow, '#!/bin/sh\n[ "$1" != -v ] || echo nextflow version 25.10.0.10289\n', {
    mode: 0o755,
  });
  const box = new Sandbox(t as Test, nextflow);
  Object.assign(box.env, { NXF_PLUGINS_DEFAULT: 'false', AWS_EC2_METADATA_DISABLED: 'true' });
  await box.escrow(['secrets', 'set', 'DB_PASSWORD'], { input: 'a value of the campaign' });
  await box.escrow(['run', 'main.nf']);
  const gateway = await openGateway(campaign.over === 'tcp' ? await overTcp(box) : overSocket(box));
  t.teardown(gateway.close);
  const schema = join(directory, 'openapi.json');
  const headers = { authorization: `Bearer ${CAMPAIGN_TOKEN}` };
  // The description differs: only over TCP, operations need a token.
  const description: unknown = await (await fetch(`${gateway.url}/v1/openapi.json`, { headers })).json();
  writeFileSync(schema, JSON.stringify(description, withoutLargeLimits));
  mkdirSync(join(directory, 'work'));
  const args = [
    ...['--config-file', join(root, 'test/campaigns/api/schemathesis.toml')],
    ...['run', schema, '--url', gateway.url, '--checks', 'all', '--continue-on-failure'],
    ...['--request-timeout', '60'], // deriving a key takes seconds on a loaded machine
    ...['--seed', String(campaign.seed), '--max-examples', String(campaign.examples)],
    ...['--header', `Authorization: ${headers.authorization}`, '--no-color', '--generation-database', 'none'],
    ...(campaign.phases === undefined ? [] : ['--phases', campaign.phases]),
    ...(campaign.operation === undefined ? [] : ['--include-operation-id', campaign.operation]),
  ];
  tell(`schemathesis over ${campaign.over}, seed ${String(campaign.seed)}`);
  const { status, output } = await run(campaign.schemathesis, args, join(directory, 'work'));
  const statuses = Object.fromEntries([...gateway.statuses].sort(([a], [b]) => a - b));
  const cases = Object.values(statuses).reduce((sum, count) => sum + count, 0);
  return { status, output, statuses, cases, restarts: gateway.restarts() };
}

/** Address space of schemathesis, in KiB. */
const MEMORY_KB = 4_000_000;

/** Lengths up to this limit are tested. Schemathesis needs gigabytes to generate the longest text of an import. */
const LARGE = 5000;

/** Leaves out large limits, so that no request is expected to exceed them. Other tests send requests that are too large. */
function withoutLargeLimits(name: string, value: unknown): unknown {
  const isLimit = name === 'maxLength' || name === 'maxItems' || name === 'maxProperties';
  return isLimit && typeof value === 'number' && value > LARGE ? undefined : value;
}

function overSocket(box: Sandbox): Upstream {
  return {
    current: () => ({ address: { socketPath: box.socket }, headers: {} }),
    restart: async () => {
      await box.escrow(['daemon', 'start']);
    },
  };
}

async function overTcp(box: Sandbox): Promise<Upstream> {
  let listener: Listener = await openListener(box);
  return {
    current: () => ({
      address: { host: '127.0.0.1', port: listener.port },
      headers: { authorization: `Bearer ${listener.token}` },
    }),
    restart: async () => {
      listener = await openListener(box);
    },
  };
}

function run(
  program: string,
  args: readonly string[],
  cwd: string,
): Promise<{ status: number | null; output: string }> {
  // tap sets FORCE_COLOR, with which schemathesis prints an animation.
  const inherited = { ...process.env };
  delete inherited['FORCE_COLOR'];
  const env = { ...inherited, HOME: cwd, PYTHONUTF8: '1', COLUMNS: '160', TERM: 'dumb' };
  const limited = ['-c', `ulimit -v ${String(MEMORY_KB)} && exec "$@"`, 'sh', program, ...args];
  const child = spawn('/bin/sh', limited, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const add = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', add);
  child.stderr.on('data', add);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      resolve({ status, output });
    });
  });
}
