// What the screenshots show: secrets of a workspace and of a user, and real runs of Nextflow that use them.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root, say } from '../steps.mjs';

const WORKSPACE = 'genomics/rnaseq';
const SAMPLES = ['liver_1', 'liver_2', 'brain_1', 'brain_2', 'heart_1', 'heart_2'];
const LIVE_MS = 120_000;
/** Tasks of the live run before the one that waits. */
const TASKS_BEFORE = 3;

/** Runs nf-escrow and returns its output. Throws if it exits with another status than expected. */
export function escrow(args, { input = '', expected = 0 } = {}) {
  const { status, stdout, stderr } = spawnSync(join(root, 'bin/nf-escrow'), args, {
    cwd: process.env.LAUNCH,
    input,
    encoding: 'utf8',
  });
  if (status !== expected)
    throw new Error(`nf-escrow ${args.join(' ')}: status ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** Sets secrets, runs a pipeline several times, and returns the ids of the runs by name. The last run is alive. */
export async function makeRuns() {
  escrow(['orgs', 'create', 'genomics']);
  escrow(['workspaces', 'create', WORKSPACE, '--shared']);
  escrow(['workspaces', 'create', 'genomics/variants', '--shared']);
  escrow(['use', WORKSPACE]);
  for (const name of [
    'DB_PASSWORD',
    'REFERENCE_TOKEN',
    'S3_ACCESS_KEY',
    'S3_SECRET_KEY',
    'SLACK_WEBHOOK_URL',
  ])
    setSecret(name);
  setSecret('DB_PASSWORD', '--user');
  setSecret('GITHUB_TOKEN', '--user');
  setSecret('S3_SECRET_KEY'); // a second version
  for (const file of ['main.nf', 'nextflow_schema.json'])
    copyFileSync(join(root, 'scripts/screenshots', file), join(process.env.LAUNCH, file));
  writeFileSync(join(process.env.LAUNCH, 'samples.csv'), `sample\n${SAMPLES.join('\n')}\n`);
  runPipeline('brave_franklin', [], 0);
  runPipeline('sleepy_hopper', ['--fail', 'heart_1'], 1);
  runPipeline('curious_mendel', ['--verbose'], 0);
  say('starting a run that stays alive');
  escrow(['run', '--detach', 'main.nf', '-name', 'nimble_darwin', '--input', 'samples.csv', '--hold']);
  await untilBusy('nimble_darwin');
  const { runs } = JSON.parse(escrow(['runs', 'list', '--json']));
  return Object.fromEntries(runs.map(({ id, runName }) => [runName, id]));
}

/** Ends the live run and the daemon. */
export function endRuns() {
  for (const args of [
    ['runs', 'cancel', 'nimble_darwin'],
    ['runs', 'wait', 'nimble_darwin', '--timeout', '60s'],
    ['daemon', 'stop'],
  ])
    spawnSync(join(root, 'bin/nf-escrow'), args, { cwd: process.env.LAUNCH, stdio: 'ignore' });
}

function setSecret(name, ...options) {
  escrow(['secrets', 'set', name, ...options], { input: randomBytes(18).toString('base64') });
}

function runPipeline(name, parameters, expected) {
  say(`running the pipeline: ${name}`);
  escrow(['run', 'main.nf', '-name', name, '--input', 'samples.csv', ...parameters], { expected });
}

/** Waits until some tasks of a run have ended and one runs. */
async function untilBusy(name) {
  for (const deadline = performance.now() + LIVE_MS; ; await sleep(500)) {
    const { tasks } = JSON.parse(escrow(['runs', 'tasks', name, '--json']));
    const count = (wanted) => tasks.filter(({ status }) => status === wanted).length;
    if (count('COMPLETED') >= TASKS_BEFORE && count('RUNNING') > 0) return;
    if (performance.now() > deadline) throw new Error(`Run ${name} has no running task.`);
  }
}
