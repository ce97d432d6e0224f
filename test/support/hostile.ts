import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Run, RunList } from '../../daemon/contract/types.ts';
import { until, type Ended, type Environment, type Sandbox } from './sandbox.ts';

/** A command that takes longer, in milliseconds, hangs. Generous, so that a loaded machine does not reach it. */
const LIMIT_MS = 120_000;

interface Options {
  readonly input?: string | Buffer;
  readonly env?: Environment;
  readonly cwd?: string;
}

/** Runs nf-escrow to its end. If it hangs, kills it and fails the test. */
export async function soon(
  t: Test,
  box: Sandbox,
  args: readonly string[],
  options: Options = {},
): Promise<Ended> {
  const started = box.start(args, options);
  const limit = setTimeout(() => {
    t.fail(`nf-escrow ${args.join(' ')} hangs`);
    started.child.kill('SIGKILL');
  }, LIMIT_MS);
  try {
    return await started.ended;
  } finally {
    clearTimeout(limit);
  }
}

/** Runs nf-escrow and asserts that it fails with this exit status and with this message instead of a stack trace. */
export async function refuses(
  t: Test,
  box: Sandbox,
  args: readonly string[],
  [status, message]: readonly [number, RegExp],
  options: Options = {},
): Promise<void> {
  const name = `nf-escrow ${args.join(' ').slice(0, 100)}`;
  const ended = await soon(t, box, args, options);
  t.equal(ended.status, status, `${name}: ${ended.stderr}`);
  t.match(ended.stderr, /^nf-escrow: /, name);
  t.match(ended.stderr, message, name);
  t.notMatch(ended.stderr, /^ +at /m, 'no stack trace');
}

/** Runs nf-escrow and asserts that it succeeds. */
export async function accepts(
  t: Test,
  box: Sandbox,
  args: readonly string[],
  options: Options = {},
): Promise<Ended> {
  const ended = await soon(t, box, args, options);
  t.equal(ended.status, 0, `nf-escrow ${args.join(' ').slice(0, 100)}: ${ended.stderr}`);
  return ended;
}

/** Returns the newest run. */
export async function newestRun(box: Sandbox): Promise<Run> {
  const [run] = (await box.json<RunList>(['runs', 'list'])).runs;
  if (run === undefined) throw new Error('there is no run');
  return run;
}

/** Waits until all runs are purged, asserts that no file contains the value, and returns the newest run. */
export async function purged(t: Test, box: Sandbox, value: string): Promise<Run> {
  const run = await until('all runs are purged', async () => {
    const { runs } = await box.json<RunList>(['runs', 'list']);
    return runs.every(({ state }) => state === 'purged') ? runs[0] : undefined;
  });
  t.equal(run.pendingRemovals, 0);
  t.same(box.filesWith(value), [], 'no file contains the value');
  t.same(
    readdirSync(box.env['NF_ESCROW_RUNS_DIR'] ?? join(box.state, 'runs')),
    [],
    'no run directory remains',
  );
  return run;
}

/** Objects that can be planted at the path of another. */
export const planted = [
  'fifo',
  'directory',
  'dangling link',
  'link to a file',
  'link to a directory',
] as const;

/** All objects that can be planted, including those on which a read blocks or has side effects. */
export const plantedToo = [...planted, 'hard link', 'socket', 'device', 'full directory'] as const;

/** Leaves a stale socket like a killed process: a second link, because the server unlinks the first when it closes. */
function leaveSocket(own: string, path: string): void {
  const server = createServer().listen(own);
  linkSync(own, path);
  server.close();
}

/** Files that planted links point to. Tests assert that they stay unchanged. */
export class Victims {
  readonly #directory: string;

  constructor(t: Test) {
    this.#directory = mkdtempSync('/tmp/nfe-victims-');
    mkdirSync(join(this.#directory, 'directory'), { mode: 0o700 });
    writeFileSync(join(this.#directory, 'directory/file'), 'untouched', { mode: 0o600 });
    writeFileSync(join(this.#directory, 'file'), 'untouched', { mode: 0o600 });
    t.teardown(() => rmSync(this.#directory, { recursive: true }));
  }

  /** Plants an object at a path. */
  plant(kind: (typeof plantedToo)[number], path: string): void {
    if (kind === 'fifo') execFileSync('mkfifo', [path]);
    else if (kind === 'hard link') linkSync(join(this.#directory, 'file'), path);
    else if (kind === 'device')
      execFileSync('mknod', ['-m', '600', path, 'c', '1', '5']); // /dev/zero
    else if (kind === 'socket') leaveSocket(join(this.#directory, 'socket'), path);
    else if (kind === 'full directory') {
      mkdirSync(path, { mode: 0o700 });
      for (const name of ['file', 'directory']) symlinkSync(join(this.#directory, name), join(path, name));
    } else if (kind === 'directory') mkdirSync(path, { mode: 0o700 });
    else if (kind === 'dangling link') symlinkSync(join(this.#directory, 'nowhere'), path);
    else symlinkSync(join(this.#directory, kind.slice('link to a '.length)), path);
  }

  /** All paths, with the content of files. */
  get all(): string {
    return readdirSync(this.#directory, { recursive: true, withFileTypes: true })
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !path.endsWith('/socket')) // exists until its server has closed
      .map((path) => (statSync(path).isFile() ? `${path}: ${readFileSync(path, 'latin1')}` : path))
      .sort()
      .join('\n');
  }
}
