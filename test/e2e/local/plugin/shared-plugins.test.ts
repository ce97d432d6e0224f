import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { shippedPlugin } from '../../../../daemon/nextflow/plugin/plugin-files.ts';
import { companionPlugin } from '../../../support/companion-plugin.ts';
import { accepts, purged } from '../../../support/hostile.ts';
import { realNextflow, Sandbox, type Ended } from '../../../support/sandbox.ts';

const OURS = `nf-escrow-${shippedPlugin()?.version ?? 'not built'}`;
/** A group that may have members other than root. */
const SHARED = 65_534;
/** NF_ESCROW_TEST_SLOW=1 repeats the launches at each rate for the figure in docs/reliability.md. */
const SLOW = process.env['NF_ESCROW_TEST_SLOW'] === '1';
const ROUNDS = SLOW ? 70 : 1;
/** Time between exchanges, in milliseconds. */
const PERIODS = [50, 5, 1];
const READS = 20;
/** Reads what Nextflow finds at the path of the plugin, repeatedly. */
const READ_PLUGIN = `for i in $(seq ${String(READS)}); do sha256sum <"\${NXF_PLUGINS_DIR:-$NXF_HOME/plugins}/${OURS}/lib/nf-escrow.jar" >>seen; done`;
const VALUE = 'two\nlines "of" it';
const DIGEST = createHash('sha256').update(VALUE).digest('hex');

const SCRIPT = `process ANY {
  secret 'FOO_KEY'
  output:
  stdout
  script:
  'printf "%s|%s|%s" "$(printf %s "$FOO_KEY" | sha256sum | cut -c1-64)" "\${NXF_PLUGINS_DIR:-unset}" "\${NXF_PLUGINS_LOCK_MODE:-unset}"'
}
workflow {
  ANY() | view
}
`;

if (SLOW) t.setTimeout(3_600_000);

/** Runs the pipeline. Without a time limit, because it starts a JVM. */
async function run(t: Test, box: Sandbox): Promise<Ended> {
  const ended = await box.escrow(['run', 'main.nf']);
  t.equal(ended.status, 0, `${ended.stdout}${ended.stderr}`);
  return ended;
}

/** Returns a sandbox with a pipeline, whose home others can enter. */
async function placeOf(t: Test): Promise<{ box: Sandbox; plugins: string; nextflow: string } | undefined> {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return undefined;
  if (process.geteuid?.() !== 0) {
    t.pass('skipped', { skip: 'changing the group of a directory needs root' });
    return undefined;
  }
  const box = new Sandbox(t, nextflow);
  chmodSync(box.directory, 0o755);
  writeFileSync(join(box.launch, 'main.nf'), SCRIPT);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  const plugins = join(box.directory, 'nxf/plugins');
  mkdirSync(plugins, { recursive: true });
  return { box, plugins, nextflow };
}

void t.test('loads only trusted plugins from a plugins directory that others can write', async (t) => {
  const place = await placeOf(t);
  if (place === undefined) return;
  const { box, plugins, nextflow } = place;
  const trusted = join(box.directory, 'mine/nf-companion-1.0.0');
  if (!companionPlugin(trusted, nextflow, 'the companion has started')) {
    t.pass('skipped', { skip: 'the jars of this Nextflow are not next to its launcher' });
    return;
  }
  symlinkSync(trusted, join(plugins, 'nf-companion-1.0.0'));
  // Another group member has replaced the nf-escrow plugin.
  companionPlugin(join(plugins, OURS), nextflow, 'something evil has started');
  chownSync(plugins, 0, SHARED);
  chmodSync(plugins, 0o775);
  writeFileSync(join(box.launch, 'nextflow.config'), "plugins { id 'nf-companion@1.0.0' }\n");
  const { stdout, stderr } = await run(t, box);
  t.match(stdout, /the companion has started/);
  t.notMatch(stdout, /something evil has started/);
  t.ok(
    stdout.includes(`${DIGEST}|unset|unset`),
    'the plugin delivers the value, and the task does not see the plugins directory',
  );
  const own = join(box.state, 'plugins');
  t.match(
    stderr,
    new RegExp(`^nf-escrow: plugins are loaded from ${own}: Cannot use the plugins directory "${plugins}"`),
  );
  t.same(readdirSync(own).sort(), [OURS, 'nf-companion-1.0.0'].sort());
  await purged(t, box, VALUE);
});

void t.test('the nf-escrow plugin cannot be exchanged during a launch', async (t) => {
  const place = await placeOf(t);
  if (place === undefined) return;
  const { box, plugins, nextflow } = place;
  const evil = join(plugins, 'evil');
  if (!companionPlugin(join(box.directory, `evil/${OURS}`), nextflow, 'something evil has started')) {
    t.pass('skipped', { skip: 'the jars of this Nextflow are not next to its launcher' });
    return;
  }
  renameSync(join(box.directory, 'evil', OURS), evil);
  chownSync(plugins, 0, SHARED);
  chmodSync(plugins, 0o775);
  // A group member replaces the nf-escrow plugin whenever it appears.
  const exchange = setInterval(() => {
    if (!readdirSync(plugins).includes(OURS)) return;
    renameSync(join(plugins, OURS), join(plugins, 'ours'));
    renameSync(evil, join(plugins, OURS));
  }, 1);
  const { stdout } = await run(t, box);
  clearInterval(exchange);
  t.notMatch(stdout, /something evil has started/);
  t.ok(stdout.includes(`${DIGEST}|`));
  await purged(t, box, VALUE);
});

void t.test('Nextflow never finds an exchanged plugin, at several rates of exchange', async (t) => {
  const plugin = shippedPlugin()?.files.get('lib/nf-escrow.jar');
  if (process.geteuid?.() !== 0 || plugin === undefined) {
    t.pass('skipped', { skip: 'it needs root to change the group of a directory, and the plugin' });
    return;
  }
  const box = new Sandbox(t);
  chmodSync(box.directory, 0o755);
  const plugins = join(box.directory, 'nxf/plugins');
  const evil = join(box.directory, 'evil');
  for (const directory of [plugins, join(evil, 'lib')]) mkdirSync(directory, { recursive: true });
  writeFileSync(join(evil, 'lib/nf-escrow.jar'), 'something evil');
  chownSync(plugins, 0, SHARED);
  chmodSync(plugins, 0o775);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  const wanted = createHash('sha256').update(plugin).digest('hex');
  let [launches, exchanges] = [0, 0];
  for (const milliseconds of PERIODS) {
    const at = join(plugins, OURS);
    const exchange = setInterval(() => {
      exchanges += 1;
      if (existsSync(evil)) {
        if (existsSync(at)) renameSync(at, join(box.directory, `ours-${String(exchanges)}`));
        renameSync(evil, at);
      } else renameSync(at, evil);
    }, milliseconds);
    for (let round = 0; round < ROUNDS; round += 1) {
      const { status, stderr } = await box.escrow(['run', READ_PLUGIN], { env: { NXF_PLUGINS_DEFAULT: '' } });
      t.equal(status, 0, stderr);
      launches += 1;
    }
    clearInterval(exchange);
  }
  const seen = readFileSync(join(box.launch, 'seen'), 'utf8').trim().split('\n');
  t.equal(seen.length, launches * READS);
  t.same([...new Set(seen.map((line) => line.slice(0, 64)))], [wanted]);
  t.comment(`${String(launches)} launches during ${String(exchanges)} exchanges`);
  await purged(t, box, VALUE);
});

void t.test("never changes the pipeline's plugins.lock", async (t) => {
  const place = await placeOf(t);
  if (place === undefined) return;
  const { box } = place;
  const lock = join(box.launch, 'plugins.lock');
  writeFileSync(lock, '');
  const { stdout } = await run(t, box);
  t.ok(stdout.includes(`${DIGEST}|unset|unset`), 'a Nextflow that ignores the file uses the plugin');
  t.equal(readFileSync(lock, 'utf8'), '');
  const newer = { NXF_VER: '26.10.0', NF_ESCROW_NEXTFLOW: join(box.directory, 'nextflow-26.10.0') };
  writeFileSync(newer.NF_ESCROW_NEXTFLOW, '#!/bin/sh\ntrue\n', { mode: 0o755 });
  const explained = await accepts(t, box, ['run', '--explain', '--no-secrets', 'main.nf'], { env: newer });
  t.match(explained.stdout, /workspace/);
  const without = await accepts(t, box, ['run', 'main.nf'], { env: newer });
  t.match(without.stderr, /FOO_KEY/, 'names the value that only the plugin can deliver');
  t.match(without.stderr, /plugins\.lock" pins the pipeline's plugins/);
  t.equal(readFileSync(lock, 'utf8'), '');
  await purged(t, box, VALUE);
});
