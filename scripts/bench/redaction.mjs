// Benchmark without Nextflow: speed of the redactor, and time and memory of the audit of a run with many tasks.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { node, root, say } from '../steps.mjs';
import { median } from './place.mjs';

const MEGABYTE = 1e6;
const CHUNK = 64 * 1024;
const TASKS = 10_000;

/** Measures redactor and audit, each in a separate process. */
export function redaction(bench) {
  say('redactor and audit');
  const work = join(bench.home, 'audit-work');
  makeTasks(work);
  const { status, stdout, stderr } = spawnSync(node, ['--expose-gc', fileURLToPath(import.meta.url), work], {
    encoding: 'utf8',
    maxBuffer: MEGABYTE,
  });
  if (status !== 0) throw new Error(`the benchmark of the redaction failed: ${stderr}`);
  return JSON.parse(stdout);
}

/** Writes what Nextflow writes for each task: about 12 KiB in 7 files. */
function makeTasks(work) {
  const script = Buffer.from('#!/bin/bash\n'.padEnd(9000, 'nxf_stage() { true; }\n'));
  for (let index = 0; index < TASKS; index += 1) {
    const hash = index.toString(16).padStart(8, '0');
    const directory = join(work, hash.slice(6), `${hash.slice(0, 6)}${'0'.repeat(24)}`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, '.command.run'), script);
    for (const name of ['sh', 'begin', 'out', 'err', 'log'])
      writeFileSync(join(directory, `.command.${name}`), `task ${index} of sample ${hash}\n`.repeat(10));
    writeFileSync(join(directory, '.exitcode'), '0');
  }
}

async function load(module) {
  return import(pathToFileURL(join(root, 'dist/daemon', module)).href);
}

async function setOf(count, length) {
  const { NeedleSet } = await load('redaction/needles/needle-set.js');
  const { SecretValue } = await load('vault/secret-value.js');
  const value = () => new SecretValue(Buffer.from(randomBytes(length).toString('base64').slice(0, length)));
  return NeedleSet.of(new Map(Array.from({ length: count }, (_, index) => [`KEY_${index}`, value()])));
}

function logText() {
  const number = (limit) => Math.floor(Math.random() * limit);
  const lines = Array.from(
    { length: 60_000 },
    () =>
      `Nov-29 12:00:${10 + number(50)}.${100 + number(900)} [Task monitor] DEBUG n.processor.TaskPollingMonitor - Task completed > TaskHandler[id: ${number(1e5)}; name: ALIGN (sample_${number(1e4)}); status: COMPLETED; exit: 0; error: -; workDir: /scratch/u/work/${randomBytes(16).toString('hex')}]\n`,
  );
  return Buffer.from(lines.join(''));
}

async function speed(text, count, length) {
  const { Redactor } = await load('redaction/redactor.js');
  const set = await setOf(count, length);
  const rates = Array.from({ length: 7 }, () => {
    const redactor = new Redactor(set);
    const begun = performance.now();
    for (let at = 0; at < text.length; at += CHUNK) redactor.push(text.subarray(at, at + CHUNK));
    redactor.end();
    return text.length / MEGABYTE / ((performance.now() - begun) / 1000);
  });
  return { rate: median(rates), needles: set.needles.length };
}

async function audit(work) {
  const { auditInWorker } = await load('runs/audit/audit-worker.js');
  const set = await setOf(20, 24);
  const tasks = Array.from({ length: TASKS }, (_, index) => {
    const hash = index.toString(16).padStart(8, '0');
    return { id: String(index), process: 'ALIGN', hash: `${hash.slice(6)}/${hash.slice(0, 6)}` };
  });
  globalThis.gc();
  const before = process.memoryUsage.rss();
  let [most, longest, tick] = [before, 0, performance.now()];
  const watch = setInterval(() => {
    longest = Math.max(longest, performance.now() - tick);
    tick = performance.now();
    most = Math.max(most, process.memoryUsage.rss());
  }, 1);
  const begun = performance.now();
  const limits = { bytes: 2 ** 30, ms: 60_000, findings: 10_000, ranges: 10_000 };
  const { files, listed } = await auditInWorker(
    set,
    set.needles.map(() => true),
    limits,
    {
      ...{ launchDirectory: work, arguments: [], logFile: null, since: Date.now(), shown: [] },
      ...{ workDirectory: work, tasks, knowsTasks: true },
    },
  );
  const ms = performance.now() - begun;
  clearInterval(watch);
  if (listed.tasks !== TASKS || files !== 7 * TASKS)
    throw new Error(`audited ${listed.tasks} tasks and ${files} files`);
  const megabytes = most / MEGABYTE;
  return [
    { figure: `audit of ${TASKS} tasks (s)`, value: ms / 1000, wanted: 'under 15', met: ms < 15_000 },
    {
      figure: 'audit: memory of the process (MB)',
      value: megabytes,
      wanted: 'under 120',
      met: megabytes < 120,
    },
    {
      figure: 'audit: longest pause of the event loop (ms)',
      value: longest,
      wanted: 'under 50',
      met: longest < 50,
    },
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const results = await audit(process.argv[2]);
  const text = logText();
  for (const [count, length] of [
    [20, 16],
    [200, 16],
    [20, 8],
    [200, 8],
  ]) {
    const { rate, needles } = await speed(text, count, length);
    const isLong = length >= 16;
    results.push({
      figure: `redactor, ${count} values of ${length} bytes, ${needles} needles (MB/s)`,
      value: rate,
      wanted: isLong ? 'at least 300' : '-',
      ...(isLong ? { met: rate >= 300 } : {}),
    });
  }
  process.stdout.write(JSON.stringify(results));
}
