import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { accepts, newestRun, purged, refuses, soon } from '../../../support/hostile.ts';
import { Sandbox, until } from '../../../support/sandbox.ts';
import { smallDisk } from '../../../support/mounts.ts';

const VALUE = 'the-value-that-finds-no-space';

void t.test('aborts a run if the runs directory is full or read-only, and leaves nothing', async (t) => {
  const box = new Sandbox(t);
  const runs = join(box.directory, 'disk/runs');
  box.env['NF_ESCROW_RUNS_DIR'] = runs;
  const disk = smallDisk(t, join(box.directory, 'disk'), 64);
  if (disk === undefined) return;
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  await accepts(t, box, ['run', 'true']);
  for (const leave of [0, 4096, 8192]) {
    disk.fill(leave);
    await refuses(
      t,
      box,
      ['run', 'touch ran'],
      [69, /Cannot write ".*": no space is left on the device \(ENOSPC\)/],
    );
    t.same(readdirSync(runs), [], 'removes what it has delivered');
    t.match(await purged(t, box, VALUE), { outcome: 'aborted', outcomeEvidence: /store-unavailable/ });
    disk.empty();
  }
  disk.readOnly();
  await refuses(
    t,
    box,
    ['run', 'touch ran'],
    [69, /Cannot write ".*": the file system is read-only \(EROFS\)/],
  );
  t.match(await newestRun(box), { state: 'purged', outcome: 'aborted' });
  disk.writable();
  t.notOk(existsSync(join(box.launch, 'ran')));
  await accepts(t, box, ['run', 'touch ran']);
  t.match(await purged(t, box, VALUE), { outcome: 'succeeded' });
});

void t.test(
  'reports a removal that the disk refuses, and completes it when the disk permits it',
  async (t) => {
    const box = new Sandbox(t);
    box.env['NF_ESCROW_RUNS_DIR'] = join(box.directory, 'disk/runs');
    const disk = smallDisk(t, join(box.directory, 'disk'), 256);
    if (disk === undefined) return;
    await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
    const started = box.start(['run', 'touch here; while [ ! -e go ]; do sleep 0.05; done; exit 5']);
    await until('the task runs', () => existsSync(join(box.launch, 'here')));
    const [run] = readdirSync(box.env['NF_ESCROW_RUNS_DIR']);
    await until('the daemon saw the head', async () => (await newestRun(box)).state === 'running');
    // The shim keeps `wake` open for writing, so the disk cannot be remounted as read-only.
    disk.freeze(box.env['NF_ESCROW_RUNS_DIR']);
    process.kill(started.pid, 'SIGSTOP'); // so that the daemon detects the end of the run without a request
    await box.startProgram('touch', [join(box.launch, 'go')]).ended;
    const pending = await until('the removal failed', async () => {
      const found = await newestRun(box);
      return found.state === 'ended' ? found : undefined;
    });
    process.kill(started.pid, 'SIGCONT');
    t.equal(pending.pendingRemovals, 1);
    const { status, stderr } = await started.ended;
    t.equal(status, 5, "returns nextflow's status");
    t.match(stderr, /some objects of run r\w+ are not removed yet/);
    t.match((await accepts(t, box, ['runs', 'receipt', run ?? ''])).stdout, /last error +.*EPERM/);
    disk.thaw(box.env['NF_ESCROW_RUNS_DIR']);
    await purged(t, box, VALUE);
  },
);

void t.test('reports the outcome of a run even if its disk has become full', async (t) => {
  const box = new Sandbox(t);
  box.env['NF_ESCROW_RUNS_DIR'] = join(box.directory, 'disk/runs');
  const disk = smallDisk(t, join(box.directory, 'disk'), 256);
  if (disk === undefined) return;
  const started = box.start([
    'run',
    '--no-secrets',
    'touch here; while [ ! -e go ]; do sleep 0.05; done; exit 5',
  ]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  disk.fill();
  writeFileSync(join(box.launch, 'go'), '');
  // The run has no secrets, so no removal frees space first.
  t.equal((await started.ended).status, 5);
  t.match(await purged(t, box, VALUE), { outcome: 'failed', exitStatus: 5 });
});

void t.test('a full state directory rejects changes and loses nothing', async (t) => {
  const box = new Sandbox(t);
  const disk = smallDisk(t, box.state, 2048);
  if (disk === undefined) return;
  await accepts(t, box, ['secrets', 'set', 'KEPT_KEY'], { input: 'kept' });
  disk.fill();
  const big = `${VALUE}${'x'.repeat(60_000)}`;
  await refuses(t, box, ['secrets', 'set', 'FOO_KEY'], [69, /ledger\.db": the disk is full/], { input: big });
  await refuses(t, box, ['run', 'touch ran'], [69, /disk is full|ENOSPC/]);
  t.match((await accepts(t, box, ['secrets', 'list'])).stdout, /KEPT_KEY/, 'the daemon continues');
  t.match((await accepts(t, box, ['daemon', 'status'])).stdout, /runs as process/);
  await accepts(t, box, ['daemon', 'stop']);
  disk.fill(); // closing the ledger has freed space
  await refuses(t, box, ['secrets', 'list'], [69, /the disk is full[^]*`df`/]);
  disk.empty();
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'now there is space' });
  const ran = await accepts(t, box, ['run', 'grep -o kept "$NXF_SECRETS_FILE"']);
  t.equal(ran.stdout, 'kept\n', 'an earlier secret is intact');
  t.match(await purged(t, box, VALUE), { outcome: 'succeeded' });
  t.notOk(existsSync(join(box.launch, 'ran')));
});

void t.test('reports a read-only state directory', async (t) => {
  const box = new Sandbox(t);
  const disk = smallDisk(t, box.state, 2048);
  if (disk === undefined) return;
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  await accepts(t, box, ['daemon', 'stop']);
  disk.readOnly();
  await refuses(t, box, ['run', 'touch ran'], [69, /EROFS|read-?only/]);
  t.match((await accepts(t, box, ['daemon', 'status'])).stdout, /The daemon is not running/);
  t.match((await soon(t, box, ['doctor'])).stdout, /state directory.*is not writable/);
  disk.writable();
  t.match((await accepts(t, box, ['run', 'grep -c value "$NXF_SECRETS_FILE"'])).stdout, '1\n');
  await purged(t, box, VALUE);
});
