// Real runs whose nextflow waits, for measurements of a daemon that watches many runs.
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { root } from '../steps.mjs';
import { ANSWER_VERSION } from './place.mjs';

const END_MS = 300_000;

/**
 * Starts runs through the API and the launcher's own function, without a process of `nextflow run` per run. Returns their ids,
 * and a function that ends them and waits until they are purged.
 */
export async function startRuns(bench, count) {
  const load = (path) => import(pathToFileURL(join(root, 'dist/daemon', path)).href);
  const [{ runDetached }, { identifySelf }] = await Promise.all([
    load('launch/run-detached.js'),
    load('system/processes/process-identity.js'),
  ]);
  const directory = mkdtempSync(join(bench.home, 'live-'));
  const nextflow = join(directory, 'nextflow');
  writeFileSync(nextflow, `#!/bin/bash\n${ANSWER_VERSION}\necho $$ >>${directory}/pids\nexec sleep 3600\n`, {
    mode: 0o755,
  });
  const ids = [];
  for (let index = 0; index < count; index += 1) {
    const request = {
      selection: {},
      launchDirectory: directory,
      nextflow,
      arguments: ['run', 'x'],
      localStore: null,
      launcher: identifySelf(),
      detach: true,
    };
    const { run, start } = await bench.call('POST', '/v1/runs', JSON.stringify(request));
    await runDetached(start);
    ids.push(run.id);
  }
  await reached(bench, ids, 'running');
  return { ids, end: () => endRuns(bench, directory) };
}

async function reached(bench, ids, state) {
  for (const id of ids)
    for (const deadline = performance.now() + END_MS; ; await sleep(50)) {
      const run = await bench.call('GET', `/v1/runs/${id}`);
      if (run.state === state) break;
      if (performance.now() > deadline) throw new Error(`Run ${id} is ${run.state}, not ${state}.`);
    }
}

async function endRuns(bench, directory) {
  for (const pid of readFileSync(join(directory, 'pids'), 'utf8').trim().split('\n'))
    process.kill(Number(pid));
  for (const deadline = performance.now() + END_MS; ; await sleep(100)) {
    if (readdirSync(join(bench.home, 'state/runs')).length === 0) return;
    if (performance.now() > deadline) throw new Error('The run directories were not removed.');
  }
}
