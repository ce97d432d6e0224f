// npm run bench [-- OPTIONS]: measures figures, in alternation with a peer if there is one, and prints a table and one line of JSON.
// Absolute times depend on the machine; only the ratios are comparable. Options: see scripts/bench/options.mjs.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { pages } from './bench/api.mjs';
import { hello, placing } from './bench/against-nextflow.mjs';
import { end, vault, watching } from './bench/engine.mjs';
import { events } from './bench/events.mjs';
import { install } from './bench/install.mjs';
import { readOptions, usage } from './bench/options.mjs';
import { page } from './bench/page.mjs';
import { peers } from './bench/peers.mjs';
import { people } from './bench/people.mjs';
import { writeFigures } from './bench/performance-page.mjs';
import { recovery } from './bench/recovery.mjs';
import { Bench } from './bench/place.mjs';
import { redaction } from './bench/redaction.mjs';
import { requests } from './bench/requests.mjs';
import { starts } from './bench/start.mjs';
import { team } from './bench/team.mjs';
import { writingRuns } from './bench/writing-runs.mjs';
import { fidelity, perTask, size, startTime } from './bench/plugin.mjs';
import { ensureBuilt, ensureDependencies, ensureJava, ensureNextflow, ensurePlugin } from './set-up.mjs';
import { node, runDriver } from './steps.mjs';

/** The measurements, in the order in which they run. */
const GROUPS = {
  placing: { measure: placing, needsNextflow: true },
  hello: { measure: hello, needsNextflow: true },
  peers: { measure: peers, needsNextflow: true },
  plugin: { measure: startTime, needsNextflow: true },
  task: { measure: perTask, needsNextflow: true },
  fidelity: { measure: fidelity, needsNextflow: true },
  size: { measure: size, needsNextflow: true },
  install: { measure: install, needsNextflow: true },
  end: { measure: end },
  recovery: { measure: recovery },
  start: { measure: starts },
  daemon: { measure: watching },
  writing: { measure: writingRuns },
  vault: { measure: vault },
  api: { measure: pages },
  events: { measure: events },
  requests: { measure: requests },
  redaction: { measure: redaction },
  page: { measure: page },
  people: { measure: people },
  team: { measure: team },
};

/** EX_USAGE in sysexits(3). */
const USAGE_ERROR = 64;

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

runDriver(async () => {
  let options;
  try {
    options = readOptions(process.argv.slice(2), GROUPS);
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${usage(GROUPS)}`);
    return USAGE_ERROR;
  }
  if (options.help) {
    process.stdout.write(usage(GROUPS));
    return 0;
  }
  const { groups, json: file } = options;
  ensureDependencies();
  ensureBuilt();
  const needsNextflow = groups.some((name) => GROUPS[name].needsNextflow);
  if (needsNextflow && !ensurePlugin()) throw new Error('The benchmark needs a JDK (17 or later) and Maven.');
  const nextflow = !needsNextflow ? '/bin/false' : ensureJava() === undefined ? undefined : ensureNextflow();
  if (nextflow === undefined) throw new Error('The benchmark needs Java 17 or later and Nextflow.');
  const home = mkdtempSync('/tmp/nf-escrow-bench-');
  const bench = new Bench(home, nextflow);
  const results = [];
  try {
    try {
      for (const name of groups) results.push(...[await GROUPS[name].measure(bench)].flat());
    } finally {
      print(results); // also what was measured before a group failed
    }
    const machine = {
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      node: spawnSync(node, ['-v'], { encoding: 'utf8' }).stdout.trim(),
    };
    process.stdout.write(`\n${JSON.stringify({ machine, results })}\n`);
    if (options.page) writeFigures(results, machine);
    if (file !== undefined) writeFileSync(file, `${JSON.stringify({ machine, results }, null, 2)}\n`);
  } finally {
    bench.escrow(['daemon', 'stop']);
    rmSync(home, { recursive: true, force: true });
  }
});
