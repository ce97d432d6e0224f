import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { ExposureSearch, SearchGap } from '../../contract/types.ts';
import { EscrowError, systemCode } from '../../errors.ts';
import { GrowingLog } from '../../redaction/growing-log.ts';
import { RedactedView } from '../../redaction/redacted-view.ts';
import type { RunDependencies } from '../dependencies.ts';
import { currentLog } from './current-log.ts';
import { findMaskedFile } from './masked-files.ts';
import { getRun, type RunRow } from './queries.ts';
import { masksAll, type RunRedactor } from './run-redactors.ts';

/** The log of a run without values. */
export interface RunLog {
  readonly run: string;
  readonly size: number;
  /**
   * `partial`: some values of the run are not known, or the file has changed since its audit. `none`: it was never audited,
   * so it must not be shown to anyone but the run's own user.
   */
  readonly redaction: 'complete' | 'partial' | 'none';
  /** Returns the bytes from `first` to `last`. */
  readonly read: (first: number, last: number) => AsyncIterable<Buffer>;
}

type Shown = Pick<RunLog, 'redaction'> & { readonly view: RedactedView };

const BUFFER = 64 * 1024;
/** Gaps of an audit by which values are not masked. A common value is masked, although finding it proves nothing. */
const UNMASKED: readonly SearchGap['reason'][] = [
  'value-short',
  'value-unknown',
  'vault-locked',
  'value-unreadable',
];
/** Logs that are shown while their run lives, by the redactor of the run. */
const growing = new WeakMap<RunRedactor, GrowingLog>();

/** Passes the redacted log of a run to `work`: the output of a detached run, or Nextflow's log. Throws `log-not-found`. */
export async function withRunLog<T>(
  deps: RunDependencies,
  row: RunRow,
  work: (log: RunLog) => Promise<T>,
): Promise<T> {
  const file = await openLog(row);
  const finish = ({ view, redaction }: Shown): Promise<T> =>
    work({
      run: row.id,
      size: view.size,
      redaction,
      read: (first, last) => readView(file, view, first, last),
    });
  try {
    if (row.plan === '[]') return await finish(await unmasked(file, 'complete'));
    if (row.state !== 'purged')
      return await deps.redactors.use(deps, row, async (redactor) => {
        const isPurged = (await getRun(deps.ledger.db, row.id)).state === 'purged'; // its values may have been deleted meanwhile
        return finish(isPurged ? await audited(deps, row, file) : await live(deps, row, redactor, file));
      });
    return await finish(await audited(deps, row, file));
  } finally {
    await file.close();
  }
}

async function live(
  deps: RunDependencies,
  row: RunRow,
  redactor: RunRedactor,
  file: FileHandle,
): Promise<Shown> {
  // One search of a log at a time: it continues where the last one ended.
  return deps.reading.run(`log of ${row.id}`, async () => {
    const stat = await file.stat();
    let log = growing.get(redactor);
    if (log?.continues(stat) !== true) log = new GrowingLog(redactor.set, stat);
    growing.set(redactor, log);
    const view = await log.view(file, stat.size, row.state === 'ended');
    return { view, redaction: masksAll(redactor) ? 'complete' : 'partial' };
  });
}

async function audited(deps: RunDependencies, row: RunRow, file: FileHandle): Promise<Shown> {
  const { dev, ino, size, mtimeMs } = await file.stat();
  const masked = await findMaskedFile(deps.ledger.db, row.id, { device: dev, inode: ino });
  if (masked === undefined || size < masked.size) return unmasked(file, 'none');
  const view = new RedactedView(masked.ranges, size, (secret) => Buffer.from(`***${secret}***`));
  const { search } = await getRun(deps.ledger.db, row.id);
  const gaps = search === null ? [] : (JSON.parse(search) as ExposureSearch).gaps;
  const isUnchanged = size === masked.size && mtimeMs === masked.mtimeMs;
  const knowsAll = gaps.every(({ reason }) => !UNMASKED.includes(reason));
  return { view, redaction: isUnchanged && knowsAll ? 'complete' : 'partial' };
}

async function unmasked(file: FileHandle, redaction: RunLog['redaction']): Promise<Shown> {
  return { view: new RedactedView([], (await file.stat()).size, () => Buffer.alloc(0)), redaction };
}

async function* readView(
  file: FileHandle,
  view: RedactedView,
  first: number,
  last: number,
): AsyncGenerator<Buffer> {
  for (const segment of view.between(first, last)) {
    if ('label' in segment) yield segment.label;
    else
      for (let at = segment.from; at < segment.to;) {
        const buffer = Buffer.alloc(Math.min(BUFFER, segment.to - at));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0) throw new Error('the file has become shorter');
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
  }
}

/** Opens the log of a run. The file may have been replaced by anything, so only a regular file of the user is read. */
async function openLog(row: RunRow): Promise<FileHandle> {
  const { id, output_file, log_file } = row;
  if (output_file === null && log_file === null)
    throw notReadable(
      id,
      hasEnded(row) ? 'Nextflow ended before nf-escrow found it' : 'Nextflow has not created it yet',
    );
  const path = output_file ?? currentLog(row);
  if (path === null)
    throw new EscrowError(
      'log-not-found',
      `Cannot show the log of run ${id}: it is no longer in "${log_file ?? ''}" or its rotated files.`,
      {
        hint: 'Nextflow keeps the logs of the last 9 runs of a directory. `nextflow -log FILE` keeps a log elsewhere.',
      },
    );
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY, O_NOFOLLOW } = constants;
  let file: FileHandle;
  try {
    file = await open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
  } catch (error) {
    const code = systemCode(error) ?? 'unknown error';
    throw notReadable(id, code === 'ENOENT' ? `"${path}" does not exist` : `"${path}": ${code}`, error);
  }
  const found = await file.stat();
  if (found.isFile() && found.uid === process.geteuid?.()) return file;
  await file.close();
  throw notReadable(id, `"${path}" is not a regular file of this user`);
}

function hasEnded({ state }: RunRow): boolean {
  return state === 'ended' || state === 'purged';
}

function notReadable(id: string, why: string, cause?: unknown): EscrowError {
  return new EscrowError('log-not-found', `Cannot show the log of run ${id}: ${why}.`, { cause });
}
