import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
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
/** A group that has another member than root, as far as can be told. */
const SHARED = 65_534;
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

/** Starts a JVM, which may take longer than commands of ours may. */
async function run(t: Test, box: Sandbox): Promise<Ended> {
  const ended = await box.escrow(['run', 'main.nf']);
  t.equal(ended.status, 0, `${ended.stdout}${ended.stderr}`);
  return ended;
}

/** A launch directory with a pipeline, and a home that others can enter. */
async function placeOf(t: Test): Promise<{ box: Sandbox; plugins: string; nextflow: string } | undefined> {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return undefined;
  if (process.geteuid?.() !== 0) {
    t.pass('skipped', { skip: 'only root may give a directory to any group' });
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

void t.test(
  'a plugins directory that others can write is not loaded from; what can be trusted of it is',
  async (t) => {
    const place = await placeOf(t);
    if (place === undefined) return;
    const { box, plugins, nextflow } = place;
    const trusted = join(box.directory, 'mine/nf-companion-1.0.0');
    if (!companionPlugin(trusted, nextflow, 'the companion has started')) {
      t.pass('skipped', { skip: 'the jars of this Nextflow do not lie beside it' });
      return;
    }
    symlinkSync(trusted, join(plugins, 'nf-companion-1.0.0'));
    // What another member of the group has put in the place of ours, and of one that the pipeline wants.
    companionPlugin(join(plugins, OURS), nextflow, 'something evil has started');
    chownSync(plugins, 0, SHARED);
    chmodSync(plugins, 0o775);
    writeFileSync(join(box.launch, 'nextflow.config'), "plugins { id 'nf-companion@1.0.0' }\n");
    const { stdout, stderr } = await run(t, box);
    t.match(stdout, /the companion has started/);
    t.notMatch(stdout, /something evil has started/);
    t.ok(
      stdout.includes(`${DIGEST}|unset|unset`),
      'the value came by the plugin, and the task sees nothing of its directory',
    );
    const own = join(box.state, 'plugins');
    t.match(
      stderr,
      new RegExp(
        `^nf-escrow: plugins are loaded from ${own}\\. Cannot use the plugins directory "${plugins}"`,
      ),
    );
    t.same(readdirSync(own).sort(), [OURS, 'nf-companion-1.0.0'].sort());
    await purged(t, box, VALUE);
  },
);

void t.test('our plugin cannot be exchanged for another one, however often that is tried', async (t) => {
  const place = await placeOf(t);
  if (place === undefined) return;
  const { box, plugins, nextflow } = place;
  const evil = join(plugins, 'evil');
  if (!companionPlugin(join(box.directory, `evil/${OURS}`), nextflow, 'something evil has started')) {
    t.pass('skipped', { skip: 'the jars of this Nextflow do not lie beside it' });
    return;
  }
  renameSync(join(box.directory, 'evil', OURS), evil);
  chownSync(plugins, 0, SHARED);
  chmodSync(plugins, 0o775);
  // As a group member could: whenever ours is there, it becomes the other one.
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

void t.test("a pipeline's plugins.lock is as it was", async (t) => {
  const place = await placeOf(t);
  if (place === undefined) return;
  const { box } = place;
  const lock = join(box.launch, 'plugins.lock');
  writeFileSync(lock, '');
  const { stdout } = await run(t, box);
  t.ok(
    stdout.includes(`${DIGEST}|unset|unset`),
    'this Nextflow does not know that file, and the plugin is used',
  );
  t.equal(readFileSync(lock, 'utf8'), '');
  const newer = { NXF_VER: '26.10.0', NF_ESCROW_NEXTFLOW: join(box.directory, 'nextflow-26.10.0') };
  writeFileSync(newer.NF_ESCROW_NEXTFLOW, '#!/bin/sh\ntrue\n', { mode: 0o755 });
  const explained = await accepts(t, box, ['run', '--explain', '--no-secrets', 'main.nf'], { env: newer });
  t.match(explained.stdout, /workspace/);
  const refused = await box.escrow(['run', 'main.nf'], { env: newer });
  t.equal(refused.status, 78, 'a value that only the plugin carries is not given in another way');
  t.match(refused.stderr, /plugins\.lock" pins the pipeline's plugins/);
  t.equal(readFileSync(lock, 'utf8'), '');
  await purged(t, box, VALUE);
});
