import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Run, RunList } from '../../../daemon/contract/types.ts';
import { accepts, refuses, soon } from '../../support/hostile.ts';
import { smallDisk } from '../../support/mounts.ts';
import { openSockets } from '../../support/process-state.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

/** A task that creates the file `here` and lasts until the file `go` exists. */
const HOLD = 'touch here; while [ ! -e go ]; do sleep 0.05; done; echo the end';

void t.test('finds a detached run by the name that -name sets, as soon as it is started', async (t) => {
  const box = new Sandbox(t);
  const silent = join(box.directory, 'nextflow');
  writeFileSync(silent, '#!/bin/bash\ntouch here; while [ ! -e go ]; do sleep 0.05; done\n', { mode: 0o755 });
  box.env['NF_ESCROW_NEXTFLOW'] = silent; // without a log, so that only the command line tells the name
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'a-value' });
  const started = await accepts(t, box, ['run', '--detach', '--json', 'main.nf', '-name', 'calm_crick']);
  t.match(JSON.parse(started.stdout), { runName: 'calm_crick' });
  const { id } = await box.json<Run>(['runs', 'show', 'calm_crick']);
  t.equal(id, (JSON.parse(started.stdout) as Run).id);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  await until(
    'the daemon watches',
    async () => (await box.json<Run>(['runs', 'show', id])).state === 'running',
  );
  writeFileSync(join(box.launch, 'go'), '');
  t.match(await soon(t, box, ['runs', 'wait', 'calm_crick']), { status: 0 });
  t.match(await box.json<Run>(['runs', 'show', 'calm_crick']), { id, state: 'purged' }, 'keeps the name');
  for (const name of ['Bad_Name', '-x', ''])
    t.match(
      JSON.parse((await accepts(t, box, ['run', '--detach', '--json', 'main.nf', '-name', name])).stdout),
      { runName: null },
      `Nextflow refuses the name "${name}"`,
    );
});

void t.test('--latest and - are the newest run of the current directory in every command', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'a-value' });
  const other = join(box.directory, 'other');
  const empty = join(box.directory, 'empty');
  for (const directory of [other, empty]) mkdirSync(directory);
  await accepts(t, box, ['run', 'echo older']);
  const newest = JSON.parse((await accepts(t, box, ['run', '--detach', '--json', HOLD])).stdout) as Run;
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  await accepts(t, box, ['run', 'echo elsewhere'], { cwd: other }); // newer, but in another directory

  for (const latest of ['-', '--latest']) {
    t.match(await box.json<Run>(['runs', 'show', latest]), { id: newest.id, launchDirectory: box.launch });
    t.match((await accepts(t, box, ['runs', 'receipt', latest])).stdout, newest.id);
    t.match(await soon(t, box, ['runs', 'logs', latest]), { status: 0, stdout: '' });
    t.match(await soon(t, box, ['runs', 'purge', latest]), { status: 75, stderr: new RegExp(newest.id) });
    await refuses(t, box, ['runs', 'wait', latest, '--timeout', '1s'], [75, new RegExp(newest.id)]);
    await refuses(t, box, ['runs', 'show', latest], [1, /No run was started in ".*\/empty"/], { cwd: empty });
  }
  await refuses(t, box, ['runs', 'show', '--latest', newest.id], [64, /cannot be combined/]);
  await refuses(t, box, ['runs', 'show'], [64, /Missing argument RUN\.\n.*--latest/]);
  const watch = box.start(['runs', 'watch', '-']);
  t.match((await accepts(t, box, ['runs', 'cancel', '--latest'])).stdout, newest.id);
  t.match((await watch.ended).stdout, /Nextflow ended: cancelled/);
  t.match(await soon(t, box, ['runs', 'wait', '-']), { status: 143 });
  const { runs } = await box.json<RunList>(['runs', 'list']);
  t.same(
    runs.map(({ outcome }) => outcome),
    ['succeeded', 'cancelled', 'succeeded'],
    'the other runs are not affected',
  );
});

void t.test('wait ends with 75 at its time limit, and the run continues', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['run', '--detach', HOLD]);
  await refuses(
    t,
    box,
    ['runs', 'wait', '-', '--timeout', 'soon'],
    [64, /--timeout must be a time from 1s to 24d/],
  );
  await refuses(
    t,
    box,
    ['runs', 'wait', '-', '--timeout', '1'],
    [75, /Stopped waiting for run r\w+: .* after 1 s\./],
  );
  const [run] = (await box.json<RunList>(['runs', 'list'])).runs;
  t.match(run, { outcome: null });
  const daemon = (await box.daemonPid()) ?? 0;
  process.kill(daemon, 'SIGSTOP'); // a daemon that does not answer
  const stopped = box.start(['runs', 'wait', run?.id ?? '', '--timeout', '1']);
  await until('the command waits for the daemon', () => openSockets(stopped.pid) > 0);
  const waiting = performance.now();
  await until('its time is over', () => performance.now() - waiting > 1000);
  process.kill(daemon, 'SIGCONT');
  t.equal((await stopped.ended).status, 75);
  const waits = box.start(['runs', 'wait', '-', '--timeout', '10m']);
  writeFileSync(join(box.launch, 'go'), '');
  t.equal((await waits.ended).status, 0, 'the limit does not delay the answer');
});

void t.test('purge ends with 1 if something is left, and with 0 once it is removed', async (t) => {
  const box = new Sandbox(t);
  const directory = join(box.directory, 'disk/runs');
  box.env['NF_ESCROW_RUNS_DIR'] = directory;
  const disk = smallDisk(t, join(box.directory, 'disk'), 256);
  if (disk === undefined) return;
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'a-value' });
  await accepts(t, box, ['run', '--detach', HOLD]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  t.equal(readdirSync(directory).length, 1);
  disk.freeze(directory);
  writeFileSync(join(box.launch, 'go'), '');
  await until(
    'the run has ended',
    async () => (await box.json<Run>(['runs', 'show', '-'])).state === 'ended',
  );
  const failed = await soon(t, box, ['runs', 'purge', '-']);
  t.match(failed, { status: 1, stdout: /Some objects of run r\w+ are not removed yet\. The daemon retries/ });
  disk.thaw(directory);
  t.match(await soon(t, box, ['runs', 'purge', '-']), { status: 0, stdout: /Nothing of run r\w+ is left/ });
});
