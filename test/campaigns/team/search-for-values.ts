import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pool } from 'pg';
import type { Test } from 'tap';
import { temporaryDirectory } from '../../support/temporary.ts';
import type { Canaries } from './canary.ts';

/** What is searched for values. */
interface Searched {
  readonly canaries: Canaries;
  readonly database: Pool;
  /** Where the database listens. */
  readonly address: { readonly host: string; readonly port: number };
  readonly directories: readonly string[];
}

/** What a search has found. */
interface Found {
  /** Files with a value. */
  readonly files: readonly string[];
  /** MiB that were searched. */
  readonly searchedMb: number;
}

/** Searches the dump of a database and directories for values, in clear text and encoded. */
export async function searchForValues(
  t: Test,
  { canaries, database, address: { host, port }, directories: others }: Searched,
): Promise<Found> {
  await database.query('CHECKPOINT');
  const dump = join(temporaryDirectory(t), 'dump.sql');
  const connection = ['--host', host, '--port', String(port), '--username', 'escrow'];
  const { status, stderr } = spawnSync('pg_dump', [...connection, '--file', dump, 'postgres'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`pg_dump: ${stderr}`);
  const control = join(temporaryDirectory(t), 'control');
  writeFileSync(control, canaries.next());
  if (canaries.filesIn([control]).length !== 1) throw new Error('the search does not find a value');
  const directories = [dump, ...others];
  const { stdout } = spawnSync('du', ['--summarize', '--total', '--block-size=1M', ...directories], {
    encoding: 'utf8',
  });
  const searchedMb = Number(/^(\d+)\ttotal$/m.exec(stdout)?.[1] ?? 0);
  return { files: canaries.filesIn(directories), searchedMb };
}
