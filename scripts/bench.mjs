// npm run bench [-- --engine|--start|--watch] [-- --json FILE]: measures figures, alternating with a peer where there is one, and prints
// a table and one line of JSON, which --json also writes to FILE. Absolute times depend on the machine; only the ratios
// are comparable. --engine skips figures that need a Nextflow; --start measures only the start of commands, --watch only the
// daemon that watches runs.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { hello, placing } from './bench/against-nextflow.mjs';
import { end, vault, watching } from './bench/engine.mjs';
import { recovery } from './bench/recovery.mjs';
import { Bench } from './bench/place.mjs';
import { starts } from './bench/start.mjs';
import { writingRuns } from './bench/writing-runs.mjs';
import { fidelity, perTask, size, startTime } from './bench/plugin.mjs';
import { ensureBuilt, ensureDependencies, ensureJava, ensureNextflow, ensurePlugin } from './set-up.mjs';
import { node, runDriver } from './steps.mjs';

function print(results) {
  const ms = (value) => (value === undefined ? '-' : `${value.toFixed(value < 100 ? 1 : 0)} ms`);
  process.stdout.write(
    '| figure | nf-escrow (median) | worst | peer | ratio | target | met |\n| --- | --- | --- | --- | --- | --- | --- |\n',
  );
  for (const { figure, ours, value, worst, theirs, theirValue, ratio, wanted, met } of results) {
    const verdict = met === undefined ? '-' : met ? 'yes' : 'NO';
    process.stdout.write(
      `| ${figure} | ${value?.toFixed(1) ?? ms(ours)} | ${ms(worst)} | ${theirValue ?? ms(theirs)} | ${ratio?.toFixed(2) ?? '-'} | ${wanted} | ${verdict} |\n`,
    );
  }
}

function jsonFile() {
  const index = process.argv.indexOf('--json');
  if (index === -1) return undefined;
  const file = process.argv[index + 1];
  if (file === undefined || file.startsWith('-')) throw new Error('--json needs a file name.');
  return file;
}

runDriver(async () => {
  ensureDependencies();
  ensureBuilt();
  const isStart = process.argv.includes('--start');
  const isWatch = process.argv.includes('--watch');
  const quick = isStart || isWatch || process.argv.includes('--engine');
  if (!quick && !ensurePlugin()) throw new Error('The benchmark needs a JDK (17 or later) and Maven.');
  const file = jsonFile();
  const nextflow = quick ? '/bin/false' : ensureJava() === undefined ? undefined : ensureNextflow();
  if (nextflow === undefined) throw new Error('The benchmark needs Java 17 or later and Nextflow.');
  const home = mkdtempSync('/tmp/nf-escrow-bench-');
  const bench = new Bench(home, nextflow);
  try {
    const results = [];
    if (!quick) {
      results.push(await placing(bench), hello(bench), startTime(bench));
      results.push(await perTask(bench), ...fidelity(bench), size());
    }
    if (!isStart && !isWatch) results.push(await end(bench), await recovery(bench));
    if (!isWatch) results.push(...(await starts(bench)));
    if (!isStart) results.push(...(await watching(bench)), ...(await writingRuns(bench)));
    if (!isStart && !isWatch) results.push(...(await vault()));
    print(results);
    const machine = {
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      node: spawnSync(node, ['-v'], { encoding: 'utf8' }).stdout.trim(),
    };
    process.stdout.write(`\n${JSON.stringify({ machine, results })}\n`);
    if (file !== undefined) writeFileSync(file, `${JSON.stringify({ machine, results }, null, 2)}\n`);
  } finally {
    bench.escrow(['daemon', 'stop']);
    rmSync(home, { recursive: true, force: true });
  }
});
