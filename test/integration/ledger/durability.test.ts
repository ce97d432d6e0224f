import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { findProgram } from '../../../daemon/system/files/find-program.ts';
import { isListening } from '../../support/http.ts';
import { Sandbox, until } from '../../support/sandbox.ts';
import { skipUnlessRequired } from '../../support/skip-unless-required.ts';

/** A system call in the output of strace. */
interface Call {
  readonly name: string;
  readonly path: string;
  readonly line: string;
}

const PATTERN = /^\d+ +(\w+)\((?:AT_FDCWD[^,]*, )?(?:\d+<([^>]*)>|"([^"]*)")/;

function callsOf(file: string): Call[] {
  return readFileSync(file, 'latin1')
    .split('\n')
    .flatMap((line) => {
      const [, name, byDescriptor, byName] = PATTERN.exec(line) ?? [];
      return name === undefined ? [] : [{ name, path: byDescriptor ?? byName ?? '', line }];
    });
}

void t.test('syncs each write of the ledger to the disk before the response', async (t) => {
  if (findProgram('strace', process.env['PATH']) === undefined) {
    skipUnlessRequired(t, 'strace is not installed');
    return;
  }
  const box = new Sandbox(t);
  const trace = join(box.directory, 'strace');
  const calls = 'trace=fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg,rename,link,linkat,mkdir';
  const command = ['-f', '-y', '-s', '40', '-o', trace, '-e', calls, process.execPath];
  const main = join(import.meta.dirname, '../../../daemon/main.js');
  box.startProgram('strace', [...command, main, 'daemon', 'run']);
  await until('the daemon listens', () => isListening(box.socket));
  for (const name of ['FOO_KEY', 'BAR_KEY'])
    t.equal(
      (await box.escrow(['secrets', 'set', name], { input: randomBytes(8).toString('hex') })).status,
      0,
    );
  await box.escrow(['daemon', 'stop']);
  const seen = callsOf(trace);
  const answers = seen.flatMap(({ line }, index) => (/HTTP\/1\.1 201/.test(line) ? [index] : []));
  t.equal(answers.length, 2, 'both responses are in the trace');
  const keyed = seen.findIndex(({ name, path }) => name === 'fsync' && path.includes('.vault.key.'));
  const linked = seen.findIndex(({ name, line }) => name.startsWith('link') && line.includes('vault.key'));
  t.ok(keyed !== -1 && keyed < linked, 'the key file is synced before it gets its name');
  let from = 0;
  for (const answer of answers) {
    const part = seen.slice(from, answer);
    const written = part.findLastIndex(
      ({ name, path }) => name === 'pwrite64' && path.endsWith('ledger.db-wal'),
    );
    const synced = part.findLastIndex(
      ({ name, path }) => /^f(?:data)?sync$/.test(name) && path.endsWith('ledger.db-wal'),
    );
    t.ok(written !== -1, 'the ledger is written');
    t.ok(synced > written, 'the ledger is synced between its last write and the response');
    if (from === 0) t.ok(from + written > linked, 'the key file exists before the first encrypted value');
    from = answer;
  }
  const made = seen.findIndex(({ name, line }) => name === 'fsync' && line.includes(`<${box.state}>`));
  t.ok(made !== -1 && made < (answers[0] ?? 0), 'the directory is synced');
});
