import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  closeSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { accepts } from '../../../support/hostile.ts';
import { root, Sandbox, until } from '../../../support/sandbox.ts';
import { canMakeTerminals, Terminal } from '../../../support/terminal.ts';

const PROGRAM = join(root, 'dist/daemon/main.js');
/** The kernel's default filter: core(5). */
const DEFAULT = 0x33;

/** Returns whether core dumps are written to the directory of the process. Otherwise skips the test. */
function dumpsHere(t: Test): boolean {
  const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim();
  if (!/^[|/]/.test(pattern)) return true;
  t.pass('skipped', { skip: `core dumps are written elsewhere: ${pattern}` });
  return false;
}

function filterOf(pid: number | string): number {
  return Number(`0x${readFileSync(`/proc/${String(pid)}/coredump_filter`, 'utf8').trim()}`);
}

/** Returns whether a process is already Node, not the shell that starts it. Node 24 names its main thread differently. */
function isNode(pid: number): boolean {
  return ['node\n', 'MainThread\n'].includes(readFileSync(`/proc/${String(pid)}/comm`, 'utf8'));
}

/** Returns whether the writable memory of a process contains these bytes. */
function holds(pid: number, bytes: string): boolean {
  const memory = openSync(`/proc/${String(pid)}/mem`, 'r');
  try {
    const maps = readFileSync(`/proc/${String(pid)}/maps`, 'utf8').matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm);
    return [...maps].some(([, from = '', to = '']) => {
      const start = BigInt(`0x${from}`);
      const buffer = Buffer.alloc(Number(BigInt(`0x${to}`) - start));
      try {
        readSync(memory, buffer, 0, buffer.length, start);
      } catch {
        return false; // reserved, or already unmapped
      }
      return buffer.includes(bytes);
    });
  } finally {
    closeSync(memory);
  }
}

/** Waits for the core dump in a directory and returns it. */
async function coreIn(directory: string): Promise<Buffer> {
  const name = await until('the core dump', () => readdirSync(directory).find((one) => /^core/.test(one)));
  return readFileSync(join(directory, name));
}

function isCore(t: Test, core: Buffer): void {
  t.ok(core.subarray(0, 4).equals(Buffer.from('\x7fELF')), 'it is a core dump');
}

void t.test('commands and the daemon exclude their memory from core dumps', async (t) => {
  if (!dumpsHere(t)) return;
  const box = new Sandbox(t);
  await accepts(t, box, ['daemon', 'start']);
  for (const signal of ['SIGABRT', 'SIGSEGV'] as const) {
    const value = randomBytes(16).toString('hex');
    const cwd = join(box.directory, signal);
    mkdirSync(cwd, { mode: 0o700 });
    // Its standard input stays open, so it waits for the rest of the value.
    const command = `ulimit -c unlimited && exec "$@" < <(printf %s "${value}"; exec sleep 60)`;
    const args = ['-c', command, 'bash', process.execPath, PROGRAM, 'secrets', 'set', 'FOO_KEY'];
    const { pid, ended } = box.startProgram('/bin/bash', args, { cwd });
    await until('the command has read the value', () => isNode(pid) && holds(pid, value));
    process.kill(pid, signal);
    t.match(await ended, { signal });
    const core = await coreIn(cwd);
    isCore(t, core);
    t.notOk(core.includes(value), `${signal}: the dump does not contain the value`);
  }
  t.equal(filterOf((await box.daemonPid()) ?? 0), 0, 'filter of the daemon');
});

void t.test('control: a core dump of an unprotected process contains the value', async (t) => {
  if (!dumpsHere(t)) return;
  const box = new Sandbox(t);
  const value = randomBytes(16).toString('hex');
  writeFileSync(join(box.launch, 'value'), value);
  const script = `const value = require('fs').readFileSync('value'); process.abort(value)`;
  const { ended } = box.startProgram('/bin/bash', [
    '-c',
    'ulimit -c unlimited && exec "$@"',
    'bash',
    process.execPath,
    '-e',
    script,
  ]);
  t.match(await ended, { signal: 'SIGABRT' });
  t.ok((await coreIn(box.launch)).includes(value));
});

void t.test('`run` excludes the passphrase from its core dump, and nextflow keeps its filter', async (t) => {
  if (!canMakeTerminals(t) || !dumpsHere(t)) return;
  const box = new Sandbox(t);
  const passphrase = randomBytes(16).toString('hex');
  writeFileSync(join(box.directory, 'passphrase'), passphrase, { mode: 0o600 });
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'x' });
  await accepts(t, box, ['vault', 'rekey', '--passphrase-file', join(box.directory, 'passphrase')]);
  await accepts(t, box, ['daemon', 'stop']);
  const terminal = new Terminal(t, box, join(box.directory, 'terminal'));
  await terminal.command('ulimit -c unlimited');
  await terminal.type(
    `nf-escrow run 'cp /proc/self/coredump_filter filter; touch here; while [ ! -e go ]; do sleep 0.05; done'`,
  );
  await until('the command prompts', () => terminal.screen.includes('Vault passphrase:') || undefined);
  terminal.press(`${passphrase}\r`);
  const at = (name: string): string => join(terminal.directory, name);
  await until('the task runs', () => existsSync(at('here')));
  t.equal(Number(`0x${readFileSync(at('filter'), 'utf8').trim()}`), DEFAULT, 'filter of a task');
  const [pid = ''] = readFileSync(`/proc/${terminal.pid}/task/${terminal.pid}/children`, 'utf8').split(' ');
  t.equal(filterOf(pid), 0);
  t.ok(holds(Number(pid), passphrase), 'the passphrase is still in its memory');
  process.kill(Number(pid), 'SIGABRT');
  const core = await coreIn(terminal.directory);
  isCore(t, core);
  t.notOk(core.includes(passphrase));
  writeFileSync(at('go'), '');
});
