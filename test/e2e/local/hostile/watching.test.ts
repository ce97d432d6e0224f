// What a task does to the files and directories of its run costs the daemon neither time nor memory, and no failure of a file
// watch ends the watch of a run.
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { RunList, TaskList } from '../../../../daemon/contract/types.ts';
import { newestRun, purged } from '../../../support/hostile.ts';
import { networkDisk } from '../../../support/mounts.ts';
import { isListening, type Answer } from '../../../support/http.ts';
import { Sandbox, until } from '../../../support/sandbox.ts';

t.setTimeout(300_000);

const HOLD = 'while [ ! -e go ]; do sleep 0.1; done';
const RUN = 'run=$(dirname "$(readlink /proc/$PPID/fd/9)")';

/** Creates, renames and deletes entries in a directory until COUNT operations are done. */
const FLOOD = `import os, sys
for directory in sys.argv[2:]:
    for index in range(int(sys.argv[1])):
        path = os.path.join(directory, "flood%d" % (index % 5000))
        open(path, "w").close()
        os.rename(path, path + ".new")
        if index >= 5000 or index % 2: os.unlink(path + ".new")`;
const COUNT = 20_000;

/** The inodes that a process watches with inotify. */
function watchedInodes(pid: number): number[] {
  return readdirSync(`/proc/${String(pid)}/fdinfo`).flatMap((fd) =>
    [
      ...readFileSync(`/proc/${String(pid)}/fdinfo/${fd}`, 'latin1').matchAll(
        /^inotify .*?\bino:([0-9a-f]+)/gm,
      ),
    ].map(([, inode = '']) => parseInt(inode, 16)),
  );
}

/** The processor time in seconds and the memory in MiB that a process uses. */
function usageOf(pid: number): { readonly seconds: number; readonly memory: number } {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
  const status = readFileSync(`/proc/${String(pid)}/status`, 'latin1');
  return {
    seconds: (Number(fields[11]) + Number(fields[12])) / 100,
    memory: Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1]) / 1024,
  };
}

async function daemonOf(box: Sandbox): Promise<number> {
  return (await box.daemonPid()) ?? 0;
}

/** The tasks of the newest run; none while there is no daemon or no run. */
async function tasksOf(box: Sandbox): Promise<string[]> {
  if (!(await isListening(box.socket))) return [];
  const [run] = (JSON.parse((await box.http('GET', '/v1/runs?limit=1')).text) as RunList).runs;
  if (run === undefined) return [];
  const { text } = await box.http('GET', `/v1/runs/${run.id}/tasks`);
  return (JSON.parse(text) as TaskList).tasks.map(({ taskId }) => taskId);
}

void t.test('a flood of its launch directory and run directory does not occupy the daemon', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a-value-in-a-flood' });
  const script = `${RUN}; touch here; while [ ! -e flood ]; do sleep 0.1; done
    python3 -c '${FLOOD}' ${String(COUNT)} . "$run"; touch flooded; ${HOLD}`;
  const started = box.start(['run', script]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const daemon = await daemonOf(box);
  const run = join(box.state, 'runs', (await newestRun(box)).id);
  await until('the run is watched', () => watchedInodes(daemon).includes(statSync(join(run, 'wake')).ino));
  for (const directory of [run, box.launch, join(box.state, 'runs')])
    t.notOk(watchedInodes(daemon).includes(statSync(directory).ino), 'no directory is watched');
  const before = usageOf(daemon);
  const begun = performance.now();
  writeFileSync(join(box.launch, 'flood'), '');
  const answers: Answer[] = [];
  await until('the flood is over', async () => {
    answers.push(await box.http('GET', '/v1/health'));
    return existsSync(join(box.launch, 'flooded'));
  });
  const after = usageOf(daemon);
  const elapsed = (performance.now() - begun) / 1000;
  // The requests and the polls of an idle run take time too.
  t.ok(after.seconds - before.seconds < 0.5 + elapsed / 10, `${String(after.seconds - before.seconds)} s`);
  t.ok(after.memory - before.memory < 32, `${String(after.memory - before.memory)} MiB`);
  t.ok(answers.length > 0 && answers.every(({ status }) => status === 200), 'health is answered');
  writeFileSync(join(box.launch, 'go'), '');
  t.equal((await started.ended).status, 0);
  t.match(await purged(t, box, 'a-value-in-a-flood'), { outcome: 'succeeded' });
});

void t.test('watches a run although inotify is exhausted', async (t) => {
  for (const limit of ['max_inotify_watches', 'max_inotify_instances']) {
    const box = new Sandbox(t);
    const [program, ...words] = box.command;
    const exhaust = `echo 0 >/proc/sys/user/${limit} && exec "$@"`;
    const probe = await box.startProgram('unshare', ['-Ur', 'sh', '-c', exhaust, 'sh', 'true']).ended;
    if (probe.status !== 0) return t.pass('skipped', { skip: 'user namespaces are not permitted' });
    box.command = ['unshare', '-Ur', 'sh', '-c', exhaust, 'sh', program, ...words];
    await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a-value-unwatched' });
    const event = '{"type":"task.submit","task":"seen","name":"P"}';
    const started = box.start(['run', `${RUN}; echo '${event}' >>"$run/events.jsonl"; ${HOLD}; exit 3`]);
    await until('its events are read', async () => (await tasksOf(box)).includes('seen'));
    const daemon = await daemonOf(box);
    t.same(watchedInodes(daemon), [], `${limit}: nothing is watched`);
    writeFileSync(join(box.launch, 'go'), '');
    t.equal((await started.ended).status, 3);
    t.match(await purged(t, box, 'a-value-unwatched'), { outcome: 'failed', exitStatus: 3 });
    t.equal(await daemonOf(box), daemon, 'the daemon is the same');
  }
});

void t.test('reads events after the run directory was removed and created again', async (t) => {
  const box = new Sandbox(t);
  const event = (task: string): string => `{"type":"task.submit","task":"${task}","name":"P"}`;
  const script = `${RUN}; echo '${event('first')}' >>"$run/events.jsonl"
    while [ ! -e swap ]; do sleep 0.1; done
    cp -a "$run" "$run.copy" && rm -rf "$run" && mv "$run.copy" "$run"
    rm -f "$run/events.jsonl"; echo '${event('second')}' >"$run/events.jsonl"; ${HOLD}
    echo '${event('third')}' >>"$run/events.jsonl"; ${HOLD.replace('go', 'end')}`;
  const started = box.start(['run', script]);
  await until('the first event is read', async () => (await tasksOf(box)).includes('first'));
  const daemon = await daemonOf(box);
  writeFileSync(join(box.launch, 'swap'), '');
  await until('the second event is read', async () => (await tasksOf(box)).includes('second'));
  const run = join(box.state, 'runs', (await newestRun(box)).id);
  for (const name of ['wake', 'events.jsonl'])
    await until(`the new ${name} is watched`, () =>
      watchedInodes(daemon).includes(statSync(join(run, name)).ino),
    );
  writeFileSync(join(box.launch, 'go'), '');
  await until('the third event is read', async () => (await tasksOf(box)).includes('third'));
  writeFileSync(join(box.launch, 'end'), '');
  await started.ended;
  await until('it is purged', async () => (await newestRun(box)).state === 'purged');
  // The shim writes the exit status to the directory that was removed, so only the command may report it in time.
  t.match(await newestRun(box), { outcome: /^(succeeded|lost)$/ });
});

void t.test('watches no file on a file system that does not report changes', async (t) => {
  const box = new Sandbox(t);
  if (networkDisk(t, join(box.directory, 'far')) === undefined) return;
  const runs = join(box.directory, 'far/runs');
  box.env['NF_ESCROW_RUNS_DIR'] = runs;
  const event = '{"type":"task.submit","task":"polled","name":"P"}';
  const started = box.start(['run', `${RUN}; echo '${event}' >>"$run/events.jsonl"; ${HOLD}`]);
  await until('its events are read', async () => (await tasksOf(box)).includes('polled'));
  t.same(watchedInodes(await daemonOf(box)), []);
  writeFileSync(join(box.launch, 'go'), '');
  t.equal((await started.ended).status, 0);
  await until('its run directory is removed', () => readdirSync(runs).length === 0);
  await box.escrow(['daemon', 'stop']);
});
