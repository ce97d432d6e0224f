import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { findHead } from '../../../daemon/cli/launch/find-head.ts';
import { childrenOf } from '../../../daemon/system/processes/children.ts';
import { identify, liveness } from '../../../daemon/system/processes/process-identity.ts';
import { packageFile } from '../../../daemon/package-files.ts';
import { until } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** Starts the shim with a nextflow that waits. Returns the shim's pid and nextflow's. */
async function start(t: Test): Promise<{ directory: string; shim: number; nextflow: number }> {
  const directory = join(temporaryDirectory(t), 'run');
  mkdirSync(directory);
  writeFileSync(join(directory, 'armed'), 'token\n');
  const pidFile = join(directory, 'pid');
  const script = `echo $$ >"${pidFile}.new"; mv "${pidFile}.new" "${pidFile}"; exec sleep 600`;
  const child = spawn('sh', [packageFile('templates/shim.sh'), directory, 'fg', 'sh', '-c', script], {
    stdio: 'ignore',
  });
  await until('it runs', () => existsSync(pidFile));
  const nextflow = Number(readFileSync(pidFile, 'latin1'));
  t.teardown(async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    spawnSync('kill', ['-KILL', String(nextflow)]); // it may have ended
    if (child.exitCode === null && child.signalCode === null) await ended;
  });
  return { directory, shim: child.pid ?? 0, nextflow };
}

void t.test('finds the nextflow that the shim started', async (t) => {
  const { directory, shim, nextflow } = await start(t);
  t.same(findHead(shim, directory), identify(nextflow));
});

void t.test('believes no forged file while the shim lives', async (t) => {
  const { directory, shim, nextflow } = await start(t);
  const file = join(directory, 'process');
  const own = JSON.parse(readFileSync(file, 'utf8')) as object;
  const stranger = identify(process.pid);
  for (const forged of [
    JSON.stringify(stranger),
    JSON.stringify({ ...own, pid: process.pid }),
    JSON.stringify({ ...own, startTime: '1' }),
    JSON.stringify({ ...own, pid: '1; kill -9 1' }),
    JSON.stringify({ ...own, pid: -1 }),
    JSON.stringify({ ...own, pid: 1e300 }),
    JSON.stringify({ ...own, host: {} }),
    'null',
    '[]',
    '{',
    '',
    'x'.repeat(1_000_000),
  ]) {
    writeFileSync(file, forged);
    t.equal(findHead(shim, directory)?.pid, nextflow, forged.slice(0, 80));
  }
  rmSync(file);
  t.equal(findHead(shim, directory)?.pid, nextflow, 'a removed file');
  spawnSync('mkfifo', [file]);
  t.equal(findHead(shim, directory)?.pid, nextflow, 'a FIFO');
});

void t.test('finds nothing after the end', async (t) => {
  const { directory, shim, nextflow } = await start(t);
  const head = findHead(shim, directory);
  process.kill(nextflow, 'SIGKILL');
  await until('it ended', () => head === undefined || liveness(head) === 'ended');
  t.equal(findHead(shim, directory), undefined);
});

void t.test('takes no command of the shim for nextflow, also at the moment when it ends', async (t) => {
  const directory = join(temporaryDirectory(t), 'run');
  mkdirSync(directory);
  spawnSync('mkfifo', [join(directory, 'alive')]);
  const script = 'exec 9<>"$1/alive" 7<"$1"; while [ ! -e "$1/stop" ]; do (exit 0); (exit 1) & done; wait';
  const child = spawn('sh', ['-c', script, 'sh', directory], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  t.teardown(async () => {
    writeFileSync(join(directory, 'stop'), '');
    await ended;
  });
  const shim = child.pid ?? 0;
  const seen = new Set<number>();
  const taken = new Set<number>();
  await until('many children were seen', () => {
    for (let count = 0; count < 200; count += 1) {
      for (const pid of childrenOf(shim)) seen.add(pid);
      const found = findHead(shim, directory);
      if (found !== undefined) taken.add(found.pid);
    }
    return seen.size > 2000;
  });
  t.same([...taken], []);
});
