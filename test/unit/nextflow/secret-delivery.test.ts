import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  lstatSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { chooseSecretDelivery } from '../../../daemon/nextflow/plugin/secret-delivery.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import type { Launch } from '../../../daemon/nextflow/launcher/launch.ts';
import type { SecretDelivery } from '../../../daemon/contract/types.ts';
import { shippedPlugin } from '../../../daemon/nextflow/plugin/plugin-files.ts';

const OURS = `nf-escrow@${shippedPlugin()?.version ?? 'not built'}`;

interface Options {
  readonly name?: string;
  readonly env?: Record<string, string>;
  readonly arguments?: string[];
  readonly config?: string;
}

/** Returns a launch with a launcher whose name contains its version. */
function launchOf(
  t: Test,
  { name = 'nextflow-25.10.0', env = {}, arguments: args = ['run', 'x'], config }: Options,
): Launch {
  const directory = temporaryDirectory(t);
  const nextflow = join(directory, name);
  writeFileSync(nextflow, '#!/bin/sh\n', { mode: 0o755 });
  if (config !== undefined) writeFileSync(join(directory, 'nextflow.config'), config);
  const state = join(directory, 'state');
  return { nextflow, arguments: args, directory, state, env: { NXF_HOME: join(directory, 'home'), ...env } };
}

const choose = (t: Test, options: Options = {}): SecretDelivery => chooseSecretDelivery(launchOf(t, options));

void t.test('installs the plugin and enables its exact version', async (t) => {
  const launch = launchOf(t, {});
  const secretDelivery = chooseSecretDelivery(launch);
  t.match(secretDelivery, { plugin: OURS.split('@')[1], reason: null, configPhase: false });
  t.same(secretDelivery.environment, { NXF_PLUGINS_DEFAULT: OURS });
  t.same(readdirSync(join(launch.directory, 'home/plugins')), [OURS.replace('@', '-')]);
  t.same(secretDelivery.restore, { NF_ESCROW_RUN: '', NXF_SECRETS_FILE: '', NXF_PLUGINS_DEFAULT: '' });
});

void t.test('installs the plugin in NXF_PLUGINS_DIR if it is set', async (t) => {
  const plugins = join(temporaryDirectory(t), 'elsewhere');
  t.equal(choose(t, { env: { NXF_PLUGINS_DIR: plugins } }).reason, null);
  t.equal(readdirSync(plugins).length, 1);
});

void t.test("keeps the user's NXF_PLUGINS_DEFAULT, and restores it for tasks", async (t) => {
  const secretDelivery = choose(t, { env: { NXF_PLUGINS_DEFAULT: 'nf-amazon,nf-hello@0.5.0' } });
  t.same(secretDelivery.environment, { NXF_PLUGINS_DEFAULT: `nf-amazon,nf-hello@0.5.0,${OURS}` });
  t.equal(secretDelivery.restore['NXF_PLUGINS_DEFAULT'], 'nf-amazon,nf-hello@0.5.0');
  t.same(choose(t, { env: { NXF_PLUGINS_DEFAULT: 'true' } }).environment, { NXF_PLUGINS_DEFAULT: OURS });
});

void t.test('names plugins that Nextflow loads only at its start if a run may need them', async (t) => {
  const named = (options: Options): string | undefined =>
    choose(t, options).environment['NXF_PLUGINS_DEFAULT'];
  t.equal(named({ env: { NXF_ENABLE_AWS_SES: '1' } }), `nf-amazon,${OURS}`);
  t.equal(named({ arguments: ['run', 'x', '-with-weblog', 'http://localhost'] }), `nf-weblog,${OURS}`);
  t.equal(named({ config: 'weblog.enabled = true' }), `nf-weblog,${OURS}`);
  t.equal(
    named({ config: 'weblog.enabled = true', env: { NXF_OFFLINE: 'true' } }),
    OURS,
    'not if it is neither installed nor downloadable',
  );
  t.equal(named({ config: "process.executor = 'slurm'" }), OURS);
});

void t.test('reports why the plugin is not used, and enables nothing', async (t) => {
  const cases: readonly (readonly [Options, RegExp])[] = [
    [{ env: { NXF_PLUGINS_DEFAULT: 'false' } }, /NXF_PLUGINS_DEFAULT is false/],
    [{ env: { NXF_ENABLE_SECRETS: 'false' } }, /NXF_ENABLE_SECRETS is false/],
    [{ env: { NXF_PLUGINS_ALLOWED: 'nf-amazon,nf-hello' } }, /NXF_PLUGINS_ALLOWED does not name nf-escrow/],
    [{ env: { NXF_PLUGINS_ALLOWED: '' } }, /NXF_PLUGINS_ALLOWED/],
    [{ env: { NXF_PLUGINS_MODE: 'dev' } }, /NXF_PLUGINS_MODE is dev/],
    [{ name: 'nextflow-25.10.0-dist' }, /self-contained/],
    [{ name: 'nextflow-23.04.1' }, /23\.04\.1 is older than 24\.10/],
  ];
  for (const [options, why] of cases) {
    const secretDelivery = choose(t, options);
    t.match(secretDelivery.reason, why);
    t.match(secretDelivery, { plugin: null, environment: {} });
  }
  t.equal(choose(t, { env: { NXF_PLUGINS_ALLOWED: 'nf-amazon,nf-escrow' } }).reason, null);
});

void t.test(
  'marks versions before 25.10, which read the configuration before they load plugins',
  async (t) => {
    t.equal(choose(t, { name: 'nextflow-24.10.0' }).configPhase, true);
    t.equal(choose(t, { name: 'nextflow-25.04.3' }).configPhase, true);
    t.equal(choose(t, { name: 'nextflow-26.08.0-edge' }).configPhase, false);
    t.equal(choose(t, { name: 'nextflow' }).configPhase, true, 'unknown version');
  },
);

void t.test('replaces a plugin that differs from ours or that other users can change', async (t) => {
  const launch = launchOf(t, {});
  chooseSecretDelivery(launch);
  const plugins = join(launch.directory, 'home/plugins');
  const installed = join(plugins, OURS.replace('@', '-'));
  const whole = join(launch.directory, 'whole');
  cpSync(installed, whole, { recursive: true });
  const manifest = join(installed, 'classes/META-INF/MANIFEST.MF');
  const spoil: Readonly<Record<string, () => void>> = {
    'a changed file': () => writeFileSync(manifest, 'Plugin-Class: evil.Plugin\n'),
    'an additional file': () => writeFileSync(join(installed, 'classes/evil.class'), 'x'),
    'a jar that would be on its class path': () => writeFileSync(join(installed, 'lib/evil.jar'), 'x'),
    'a changed jar': () => appendFileSync(join(installed, 'lib/nf-escrow.jar'), 'x'),
    'a missing file': () => rmSync(manifest),
    'a world-writable file': () => chmodSync(manifest, 0o666),
    'a world-writable directory': () => chmodSync(join(installed, 'classes'), 0o777),
    'a link in its place': () => {
      rmSync(installed, { recursive: true });
      symlinkSync(whole, installed);
    },
    'a FIFO in its place': () => {
      rmSync(installed, { recursive: true });
      execFileSync('mkfifo', [installed]);
    },
  };
  for (const [what, damage] of Object.entries(spoil)) {
    damage();
    t.equal(chooseSecretDelivery(launch).reason, null, what);
    for (const path of readdirSync(whole, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )) {
      const name = join(path.parentPath, path.name);
      const ours = name.replace(whole, installed);
      t.ok(readFileSync(name).equals(readFileSync(ours)), `${what}: ${path.name} is ours`);
      t.equal(lstatSync(ours).mode & 0o022, 0, `${what}: only the owner can write to it`);
    }
    t.equal(
      readdirSync(installed, { recursive: true }).length,
      readdirSync(whole, { recursive: true }).length,
      `${what}: contains no other files`,
    );
  }
  t.same(readdirSync(plugins), [OURS.replace('@', '-')], 'leaves no other files');
});
