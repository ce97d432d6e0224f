import { chmodSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { RunList, TaskList } from '../../../daemon/contract/types.ts';
import { until, type Sandbox } from '../sandbox.ts';
import type { FrozenWords } from './frozen-page.ts';
import type { Substitution } from './freeze.ts';

/** Ids of the runs as the page shows them, with the length of real ones. */
export const RUNS = {
  succeeded: 'r20250115succeeded0000000',
  failed: 'r20250115failed0000000000',
  exposed: 'r20250115exposed000000000',
  live: 'r20250115live000000000000',
} as const;
type RunName = keyof typeof RUNS;

const NAMES: Readonly<Record<RunName, string>> = {
  succeeded: 'brave_franklin',
  failed: 'sleepy_hopper',
  exposed: 'curious_mendel',
  live: 'nimble_darwin',
};

/** What the fake Nextflow executes: writes the plugin's events of the run with the name $RUN_NAME. */
const PIPELINE = `#!/bin/bash
events=$(dirname "$(readlink /proc/$PPID/fd/9)")/events.jsonl
event() { echo "$1" >>"$events"; }
task() { # ID NAME PROCESS SECRETS
  local fields="\\"task\\":\\"$1\\",\\"hash\\":\\"ab/cdef0$1\\",\\"native\\":\\"177$1\\",\\"name\\":\\"$2\\",\\"process\\":\\"$3\\",\\"attempt\\":1,\\"secrets\\":[$4]"
  event "{\\"type\\":\\"task.submit\\",$fields}"
  [ "$5" = SUBMITTED ] || event "{\\"type\\":\\"task.start\\",$fields}"
  case $5 in
    COMPLETED) event "{\\"type\\":\\"task.end\\",\\"status\\":\\"$5\\",\\"exit\\":\\"0\\",\\"duration\\":\\"83000\\",$fields}" ;;
    FAILED) event "{\\"type\\":\\"task.end\\",\\"status\\":\\"$5\\",\\"exit\\":\\"137\\",\\"duration\\":\\"83000\\",$fields}" ;;
  esac
}
event '{"type":"run.begin","name":"'$RUN_NAME'"}'
task 1 FETCH_REFERENCE FETCH_REFERENCE '"REFERENCE_TOKEN"' COMPLETED
task 2 'FASTQC (liver)' FASTQC '' COMPLETED
task 3 'FASTQC (brain)' FASTQC '' COMPLETED
task 4 'ALIGN (liver)' ALIGN '' COMPLETED
case $RUN_NAME in
  ${NAMES.live})
    task 5 'ALIGN (brain)' ALIGN '' RUNNING
    task 6 'ALIGN (heart)' ALIGN '' SUBMITTED
    exec sleep 3600
    ;;
  ${NAMES.failed})
    task 5 'ALIGN (brain)' ALIGN '' FAILED
    ;;
  *)
    task 5 'ALIGN (brain)' ALIGN '' COMPLETED
    task 6 STORE_RESULTS STORE_RESULTS '"DB_PASSWORD"' COMPLETED
    ;;
esac
[ $RUN_NAME != ${NAMES.exposed} ] ||
  event '{"type":"exposure","file":"ab/cdef06/.command.log","task":"6","process":"STORE_RESULTS","secrets":["DB_PASSWORD"]}'
event '{"type":"search","complete":true,"tasks":6,"files":42,"bytes":81234,"omitted":0,"gaps":[]}'
[ $RUN_NAME != ${NAMES.failed} ] || exit 1
event '{"type":"run.end","success":true}'
`;

const BATCH = {
  region: 'eu-west-1',
  queue: 'spot',
  workDir: 's3://lab-work/nextflow',
  profile: 'lab',
  executionRole: 'arn:aws:iam::123456789012:role/execution',
};

/** Tasks of the live run. */
const LIVE_TASKS = 6;

/** Makes what the screens show. Returns what differs at each execution, and what the page shows instead. */
export async function fillSandbox(box: Sandbox): Promise<FrozenWords> {
  await box.escrow(['workspaces', 'create', 'local/empty']);
  await box.escrow(['workspaces', 'create', 'local/own', '--personal']);
  for (const args of [
    ['DB_PASSWORD'],
    ['REFERENCE_TOKEN'],
    ['S3_SECRET_KEY'],
    ['DB_PASSWORD', '--user'],
    ['GITHUB_TOKEN', '--user'],
  ])
    await box.escrow(['secrets', 'set', ...args], { input: 'a value of the test' });
  await box.http('POST', '/v1/compute-envs', { name: 'batch', platform: 'aws-batch', aws: BATCH });
  const pipeline = join(box.launch, 'main.nf');
  writeFileSync(pipeline, PIPELINE);
  chmodSync(pipeline, 0o755);
  for (const name of ['succeeded', 'failed', 'exposed'] as const)
    await box.escrow(runOf(name), { env: { RUN_NAME: NAMES[name] } });
  await box.escrow(['run', '--detach', ...runOf('live').slice(1)], { env: { RUN_NAME: NAMES.live } });
  const { runs } = await until('all events are read', async () => {
    const list = await box.json<RunList>(['runs', 'list']);
    const { tasks } = await box.json<TaskList>(['runs', 'tasks', NAMES.live]);
    return list.runs.every(({ state }) => state === 'purged' || state === 'running') &&
      tasks.length === LIVE_TASKS
      ? list
      : undefined;
  });
  const ids = Object.entries(NAMES).map(([name, runName]): Substitution => {
    const id = runs.find((run) => run.runName === runName)?.id;
    if (id === undefined) throw new Error(`There is no run ${runName}.`);
    return [id, RUNS[name as RunName]];
  });
  return {
    ids,
    names: [
      [box.directory, '/home/ada'],
      [hostname(), 'login1'],
      [userInfo().username, 'ada'],
    ],
  };
}

function runOf(name: RunName): string[] {
  return ['run', './main.nf', '-name', NAMES[name], '--input', 'samples.csv'];
}
