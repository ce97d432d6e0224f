// Compares nf-escrow with bare Nextflow, in alternating measurements.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { say } from '../steps.mjs';
import { median } from './place.mjs';

const SECRETS = 100;
const PLACINGS = 20;
const NEXTFLOW_SETS = 10;
const HELLOS = 25;

export async function placing(bench) {
  say(`placing ${SECRETS} secrets, compared with nextflow secrets set`);
  bench.escrow(['daemon', 'start']);
  for (let index = 0; index < SECRETS; index += 1) {
    const body = JSON.stringify({ value: randomBytes(24).toString('hex') });
    await bench.call('PUT', `/v1/workspaces/local/main/secrets/KEY_${index}`, body);
  }
  const ours = [];
  const theirs = [];
  const { process: launcher } = await bench.call('GET', '/v1/daemon');
  const wanted = JSON.stringify({
    selection: {},
    launchDirectory: bench.launch,
    nextflow: '/bin/true',
    arguments: ['run', 'x'],
    localStore: null,
    // The request that the command sends after it has installed the plugin: one file per secret.
    secretDelivery: { plugin: '0.1.0', reason: null, configPhase: false, environment: {}, restore: {} },
    launcher,
  });
  for (let index = 0; index < Math.max(PLACINGS, NEXTFLOW_SETS); index += 1) {
    if (index < PLACINGS) {
      const start = process.hrtime.bigint();
      const { run } = await bench.call('POST', '/v1/runs', wanted);
      ours.push(Number(process.hrtime.bigint() - start) / 1e6);
      await bench.call('POST', `/v1/runs/${run.id}/purge?force=true`);
    }
    if (index < NEXTFLOW_SETS)
      theirs.push(bench.time(bench.nextflow, ['secrets', 'set', `KEY_${index}`, 'value']));
  }
  const ratio = (median(theirs) * SECRETS) / median(ours);
  return {
    figure: `placing ${SECRETS} secrets (peer: the median of ${NEXTFLOW_SETS}, times ${SECRETS})`,
    ours: median(ours),
    theirs: median(theirs) * SECRETS,
    ratio,
    wanted: 'ratio at least 300',
    met: ratio >= 300,
  };
}

export function hello(bench) {
  say('nf-escrow run of a hello pipeline, compared with nextflow run');
  bench.escrow(['secrets', 'set', 'KEY_0'], 'value');
  const store = join(bench.home, 'store.json');
  writeFileSync(store, JSON.stringify([{ name: 'KEY_0', value: 'value' }]), { mode: 0o600 });
  const bare = { ...bench.env, NXF_SECRETS_FILE: store };
  const ours = [];
  const theirs = [];
  for (let index = 0; index <= HELLOS; index += 1) {
    const pair = [
      () => ours.push(bench.escrow(['run', '--only-secret', 'KEY_0', 'main.nf'])),
      () => theirs.push(bench.time(bench.nextflow, ['run', 'main.nf'], bare)),
    ];
    for (const measure of index % 2 ? pair : pair.reverse()) measure();
  }
  // The first measurement of each warms the file cache.
  const ratio = median(ours.map((taken, index) => taken / theirs[index]).slice(1));
  return {
    figure: `a hello pipeline, daemon warm (median of the ratios of ${HELLOS} pairs)`,
    ours: median(ours.slice(1)),
    theirs: median(theirs.slice(1)),
    ratio,
    wanted: 'ratio at most 1.06',
    met: ratio <= 1.06,
  };
}
