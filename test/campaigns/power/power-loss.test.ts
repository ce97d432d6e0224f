import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { root, Sandbox } from '../../support/sandbox.ts';
import { untapped } from '../../support/sandbox.ts';
import { STRACE } from './recording.ts';
import { skipUnlessRequired } from '../../support/skip-unless-required.ts';

const main = join(root, 'dist/daemon/main.js');
/** Number of randomly chosen states to test. 0 means all, which takes minutes. */
const MOST = Number(process.env['NF_ESCROW_TEST_POWER_STATES'] ?? 100);

/** Returns why the test cannot run on this machine; undefined when it can. */
function whyNot(): string | undefined {
  if (process.geteuid?.() !== 0) return 'changing the boot id needs root';
  if (spawnSync('strace', ['-V']).status !== 0) return 'strace is not installed';
  return spawnSync('unshare', ['--mount', 'true']).status === 0 ? undefined : 'mounting is not permitted';
}

/** Returns a shell session with all operations that create, change or remove secrets, keys and run directories. */
function session(box: Sandbox): string {
  const value = (): string => randomBytes(12).toString('hex');
  const values = join(box.directory, 'values');
  mkdirSync(values);
  let count = 0;
  const set = (name: string): string => {
    const text = value();
    const file = join(values, String((count += 1)));
    writeFileSync(file, text);
    return `mark begin set ${name} ${text}; nfe secrets set ${name} --user <${file}; mark end set ${name} ${text}`;
  };
  return `
    nfe() { "${process.execPath}" "${main}" "$@" >>"${box.directory}/told" 2>&1; }
    mark() { echo "$*" >>"${box.directory}/marks"; }
    set -e
    nfe daemon start
    ${set('FOO_KEY')}
    ${set('BAR_KEY')}
    ${set('FOO_KEY')}
    over() { until nfe runs list --json && ! tail -n "$1" "${box.directory}/told" | grep -q '"purgedAt": null'; do :; done; }
    nfe run 'exit 3' || true
    over 60
    # The other delivery: files per secret, for the plugin.
    (unset NXF_PLUGINS_DEFAULT; nfe run 'exit 3') || true
    over 120
    mark begin remove BAR_KEY; nfe secrets remove BAR_KEY --user --yes; mark end remove BAR_KEY
    nfe vault rekey
    ${set('BAZ_KEY')}
    nfe daemon stop`;
}

function record(t: Test, box: Sandbox): boolean {
  const script = join(box.directory, 'session');
  writeFileSync(script, session(box));
  const [command, args] = untapped('strace', [...STRACE, '-o', join(box.directory, 'trace'), 'sh', script]);
  const { status } = spawnSync(command, args, { env: box.env, cwd: box.launch, timeout: 240_000 });
  return t.equal(status, 0, readFileSync(join(box.directory, 'told'), 'utf8'));
}

void t.test('a power loss at any moment loses no confirmed change and leaves no secrets', async (t) => {
  if (MOST === 0) t.setTimeout(30 * 60_000);
  const why = whyNot();
  if (why !== undefined) {
    skipUnlessRequired(t, why);
    return;
  }
  const box = new Sandbox(t);
  if (!record(t, box)) return;
  const boot = join(box.directory, 'boot');
  writeFileSync(boot, `${randomUUID()}\n`);
  const seed = String(randomBytes(4).readUInt32BE());
  t.comment(`seed ${seed}`);
  const script = `mount --bind "$1" /proc/sys/kernel/random/boot_id && shift && exec "$@"`;
  const replay = [
    process.execPath,
    join(import.meta.dirname, 'replay.js'),
    box.directory,
    seed,
    String(MOST),
  ];
  const { ended } = box.startProgram('unshare', ['--mount', 'sh', '-c', script, 'sh', boot, ...replay]);
  const { status, stdout, stderr } = await ended;
  t.equal(status, 0, stderr);
  const lines = stdout.split('\n').filter(Boolean);
  const figures = JSON.parse(lines.at(-1) ?? '{}') as { states: number; tried: number; failed: number };
  t.comment(JSON.stringify(figures));
  t.same(lines.slice(0, -1), [], 'recovers from every state');
  t.ok(figures.states > 100, `${String(figures.states)} states`);
  t.equal(figures.tried, MOST === 0 ? figures.states : Math.min(MOST, figures.states));
});
