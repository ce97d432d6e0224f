import type { Queries } from '../../ledger/ledger.ts';
import type { ShownFile } from '../../redaction/audit/audit-files.ts';
import type { FileIdentity } from '../../redaction/masked-file.ts';

/** Records where values are in files of a run, so that they can be masked when the values no longer exist. */
export async function writeMaskedFiles(db: Queries, run: string, files: readonly ShownFile[]): Promise<void> {
  await db.deleteFrom('masked_files').where('run_id', '=', run).execute();
  for (const { device, inode, size, mtimeMs, ranges } of files)
    await db
      .insertInto('masked_files')
      .values({
        run_id: run,
        device: String(device),
        inode: String(inode),
        size,
        mtime_ms: mtimeMs,
        ranges: JSON.stringify(ranges.map(({ start, end, secret }) => [start, end, secret])),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
}

/** Returns what was recorded for a file, by its identity; undefined if it was not audited. */
export async function findMaskedFile(
  db: Queries,
  run: string,
  { device, inode }: Pick<FileIdentity, 'device' | 'inode'>,
): Promise<ShownFile | undefined> {
  const row = await db
    .selectFrom('masked_files')
    .selectAll()
    .where('run_id', '=', run)
    .where('device', '=', String(device))
    .where('inode', '=', String(inode))
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const ranges = (JSON.parse(row.ranges) as [number, number, string][]).map(([start, end, secret]) => ({
    start,
    end,
    secret,
  }));
  return { device, inode, size: row.size, mtimeMs: row.mtime_ms, ranges };
}
