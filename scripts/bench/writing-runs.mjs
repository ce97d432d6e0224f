// Benchmark without Nextflow: CPU use of the daemon while heads write their log, trace and events.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from '../steps.mjs';
import { ANSWER_VERSION, program } from './place.mjs';
import { usage } from './usage.mjs';

const RUNS = 20;
/** The daemon searches for logs, and reads more often for a minute after a request. That is not measured. */
const SETTLE_MS = 65_000;
/** Requests for a run, while somebody follows it. */
const REQUEST_EVERY_MS = 15_000;
const MEASURE_MS = 60_000;

/** A head that writes one line a second. `$1` lists the files to which it writes in turn, separated by commas. */
const HEAD = `#!/bin/bash
${ANSWER_VERSION}
run=$(dirname "$(readlink /proc/$$/fd/9)")
echo "Nov-23 12:00:00.000 [main] INFO  nextflow.cli.Launcher - Process: $$@here" | sed 's/^.*Process/  Process/' >.nextflow.log
printf 'task_id\\tname\\tstatus\\n' >trace.txt
echo '{"type":"run.begin","name":"writing"}' >>"$run/events.jsonl"
for ((count = 1; ; count += 1)); do
  for file in \${WRITES//,/ }; do
    [ ! -e ../go ] || exit 0
    case $file in
      log) echo "Nov-23 12:00:00.000 [Task monitor] DEBUG n.processor.TaskPollingMonitor - line $count" >>.nextflow.log ;;
      trace) printf '%s\\tP (%s)\\tCOMPLETED\\n' "$count" "$count" >>trace.txt ;;
      events) echo "{\\"type\\":\\"task.submit\\",\\"task\\":\\"$count\\",\\"process\\":\\"P\\",\\"name\\":\\"P ($count)\\"}" >>"$run/events.jsonl" ;;
    esac
    [ "$EACH" = yes ] || sleep 1
  done
  [ "$EACH" != yes ] || sleep 1
done
`;

/** Measures the daemon's share of a core while many heads write. */
export async function writingRuns(bench) {
  const results = [];
  for (const [what, writes, each] of [
    ['one line a second, to log, trace and events in turn', 'log,trace,events', 'no'],
    ['one line a second, to events', 'events', 'no'],
    ['one line a second to each of log, trace and events', 'log,trace,events', 'yes'],
  ])
    results.push(await measure(bench, what, { WRITES: writes, EACH: each }));
  const followed = await measure(
    bench,
    'one line a second to events, while somebody requests a run every 15 s',
    { WRITES: 'events', EACH: 'no' },
    true,
  );
  results.push({ ...followed, wanted: '-', met: undefined });
  return results;
}

async function measure(bench, what, variables, isFollowed = false) {
  say(`the daemon with ${RUNS} live runs: ${what}`);
  const head = join(bench.home, 'writing-head');
  const launches = join(bench.home, 'writing');
  rmSync(launches, { recursive: true, force: true });
  mkdirSync(launches);
  writeFileSync(head, HEAD, { mode: 0o755 });
  const env = { ...bench.env, ...variables, NF_ESCROW_NEXTFLOW: head };
  for (let index = 0; index < RUNS; index += 1) {
    const cwd = join(launches, String(index));
    mkdirSync(cwd);
    const args = ['run', '--detach', 'x', '-with-trace', 'trace.txt'];
    const { status, stderr } = spawnSync(program, args, { cwd, env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: status ${status}\n${stderr}`);
  }
  await sleep(SETTLE_MS);
  const { process: daemon } = await bench.call('GET', '/v1/daemon');
  const following = isFollowed
    ? setInterval(() => void bench.call('GET', '/v1/runs?limit=1'), REQUEST_EVERY_MS)
    : undefined;
  if (isFollowed) await bench.call('GET', '/v1/runs?limit=1');
  const { megabytes, percent } = await usage(daemon.pid, MEASURE_MS);
  clearInterval(following);
  const { runs } = await bench.call('GET', `/v1/runs?limit=${RUNS}`);
  const [{ tasks }, { logFile }] = await Promise.all([
    bench.call('GET', `/v1/runs/${runs[0].id}/tasks`),
    bench.call('GET', `/v1/runs/${runs[0].id}`),
  ]);
  if (tasks.length === 0 || !logFile) throw new Error('The daemon does not read what the heads write.');
  writeFileSync(join(launches, 'go'), '');
  while (readdirSync(join(bench.home, 'state/runs')).length > 0) await sleep(100);
  return {
    figure: `daemon with ${RUNS} live runs that write ${what}: share of a core (%), ${megabytes.toFixed(0)} MB`,
    value: percent,
    wanted: 'under 1 %',
    met: percent < 1,
  };
}
