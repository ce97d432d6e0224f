import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asEscrowError } from '../errors.ts';
import { writeDurable } from '../host/durable.ts';
import { ensurePrivateDirectory } from '../host/private-directory.ts';
import { removeTree } from '../host/remove-durable.ts';
import { schedulerOf } from '../schedulers/detect.ts';
import type { Executor } from '../schedulers/scheduler.ts';
import { failure, ok, warning, type Check } from './check.ts';

const NAME = 'probe job';
const LOOK_EVERY_MS = 500;

/**
 * Has a job read, on a compute node, what stands in for a secret in the runs directory, and tell how the node sees it:
 * that is what tasks will do. Takes as long as the queue does, up to the limit; then the job is cancelled.
 */
export async function probe(
  runsDirectory: string,
  executor: Executor,
  options: readonly string[],
  limitMs: number,
): Promise<Check[]> {
  const scheduler = schedulerOf(executor);
  const directory = join(runsDirectory, `probe${randomBytes(6).toString('hex')}`);
  const secret = randomBytes(16).toString('hex');
  ensurePrivateDirectory(runsDirectory);
  ensurePrivateDirectory(directory);
  let id: string | undefined;
  try {
    writeDurable(join(directory, 'secret'), secret);
    const script = writeScript(directory);
    id = await scheduler.submit({
      name: 'nf-escrow-doctor',
      script,
      output: join(directory, 'output'),
      requeue: false,
      options,
    });
    const answer = await waitFor(directory, limitMs);
    if (answer === undefined) {
      await scheduler.cancel(id);
      return [
        warning(
          NAME,
          `${executor} job ${id} told nothing within ${String(limitMs / 1000)} s`,
          'Its queue may be full, or the runs directory may not be seen by the nodes: see --runs-dir. Try again later.',
        ),
      ];
    }
    return [judge(answer, secret, directory)];
  } catch (error) {
    const { message, hint } = asEscrowError(error);
    return [failure(NAME, message, hint)];
  } finally {
    removeTree(directory);
  }
}

/** Its answer is four lines: host, what it read (as a digest), and mode and owner as the node sees them. */
function writeScript(directory: string): string {
  const quoted = `'${directory.replaceAll("'", `'\\''`)}'`;
  const text = `#!/bin/bash
cd ${quoted} || exit 1
{
  uname -n
  sha256sum <secret
  stat -c %a . secret
  stat -c %u secret
} >answer.new 2>&1
mv answer.new answer
`;
  writeDurable(join(directory, 'script'), text, 0o700);
  return join(directory, 'script');
}

async function waitFor(directory: string, limitMs: number): Promise<string[] | undefined> {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    readdirSync(directory); // has a network file system ask its server
    if (existsSync(join(directory, 'answer')))
      return readFileSync(join(directory, 'answer'), 'utf8').trim().split('\n');
    await sleep(LOOK_EVERY_MS);
  }
  return undefined;
}

function judge(
  [host = '?', digest = '', ...modes]: readonly string[],
  secret: string,
  directory: string,
): Check {
  const wanted = createHash('sha256').update(secret).digest('hex');
  const where = `${host === hostname() ? 'this host' : host} (${directory})`;
  if (!digest.startsWith(wanted))
    return failure(
      NAME,
      `a job on ${where} could not read what was placed for it`,
      'Name a runs directory on a file system that compute nodes see: --runs-dir, or NF_ESCROW_RUNS_DIR.',
    );
  if (modes.join(' ') !== `700 600 ${String(process.geteuid?.())}`)
    return failure(
      NAME,
      `on ${where} it has other modes or another owner (${modes.join(' ')}): others may read it there`,
      'Name a runs directory on a file system that keeps owners and modes: --runs-dir.',
    );
  return ok(NAME, `a job on ${where} read what was placed for it, and sees it closed to others`);
}
