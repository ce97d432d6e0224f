// Tests the package as npm publishes and installs it: only libsql is installed with it.
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ComputeEnvironment, Receipt, RunList } from '../../../../daemon/contract/types.ts';
import { createBatch } from '../../../support/aws/aws-sandbox.ts';
import { withAws } from '../../../support/aws/with-aws.ts';
import { accepts } from '../../../support/hostile.ts';
import { installPacked, packagesIn } from '../../../support/launcher/packed.ts';
import { root, Sandbox } from '../../../support/sandbox.ts';

const prefix = mkdtempSync('/tmp/nf-escrow-packed-');
t.teardown(() => {
  rmSync(prefix, { recursive: true, force: true });
});
const home = installPacked(prefix);
mkdirSync(join(prefix, 'bin'));
symlinkSync('../lib/node_modules/nf-escrow/bin/nf-escrow', join(prefix, 'bin/nf-escrow')); // like npm
const bundle = join(home, 'dist/bundle');

function withPackage(t: Test): Sandbox {
  const box = new Sandbox(t);
  box.command = [join(prefix, 'bin/nf-escrow')];
  box.env['NF_ESCROW_NODE'] = process.execPath;
  box.env['NXF_PLUGINS_DEFAULT'] = 'true'; // use the plugin of the package
  return box;
}

void t.test('the package depends only on libsql and contains the licences of bundled packages', async (t) => {
  t.same(
    Object.keys(
      (JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { dependencies: object }).dependencies,
    ),
    ['libsql'],
  );
  const installed = readdirSync(join(home, 'node_modules')).sort();
  t.same(installed, ['@libsql', '@neon-rs', 'detect-libc', 'libsql']);
  const chunks = readdirSync(bundle).filter((name) => name.endsWith('.cjs'));
  t.ok(chunks.length > 5);
  t.same(
    [...new Set(chunks.flatMap((name) => packagesIn(readFileSync(join(bundle, name), 'utf8'))))],
    ['libsql'],
  );
  t.same(packagesIn('require("a"); f.require("b"); import("@c/d"); require("node:fs"); require("./e")'), [
    'a',
    '@c/d',
  ]);
  const licences = readFileSync(join(bundle, 'THIRD_PARTY_LICENSES'), 'utf8');
  for (const name of [
    '@aws-sdk/client-batch',
    '@smithy/core',
    'ajv',
    'commander',
    'execa',
    'express',
    'kysely',
    'pino',
    'yaml',
  ])
    t.match(licences, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\([\\w.-]+\\)$`, 'm'), name);
  t.match(licences, 'Permission is hereby granted, free of charge');
  t.match(licences, 'Apache License');
  for (const name of ['daemon', 'test', 'scripts', 'dist/daemon', 'dist/test'])
    t.notOk(existsSync(join(home, name)), `no ${name}`);
});

void t.test('a file of the bundle loads only what its commands use', (t) => {
  const postgres = 'postgres.cjs';
  t.ok(existsSync(join(bundle, postgres)));
  t.ok(existsSync(join(bundle, 'oidc.cjs')));
  const files = {
    main: [],
    run: [],
    commands: ['daemon.cjs'],
    doctor: ['daemon.cjs'],
    daemon: ['metrics.cjs'],
  };
  for (const [name, others] of Object.entries(files)) {
    const loaded = loadedWith(`${name}.cjs`);
    for (const other of [postgres, 'aws.cjs', 'oidc.cjs', ...others])
      t.notOk(loaded.has(other), `${name}: ${other}`);
  }
  t.same([...loadedWith('main.cjs')], ['main.cjs', 'rolldown-runtime.cjs']);
  t.ok(loadedWith('server-settings.cjs').has(postgres), 'detects files that are loaded');
  t.notOk(
    loadedWith('serve.cjs').has('oidc.cjs'),
    'only a server with an identity provider loads its client',
  );
  t.end();
});

/** Returns the files of the bundle that Node loads with a file, itself included. */
function loadedWith(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  const code = readFileSync(join(bundle, name), 'utf8');
  for (const [, other = ''] of code.matchAll(/^(?:const|let|var) \w+ = require\("\.\/([^"]+)"\);$/gm))
    loadedWith(other, found);
  return found;
}

void t.test('commands and the daemon of the package find their files', async (t) => {
  const box = withPackage(t);
  const value = randomBytes(16).toString('hex');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  t.equal((await accepts(t, box, ['--version'])).stdout, `${version}\n`);
  mkdirSync(box.state, { mode: 0o700 });
  writeFileSync(join(box.state, 'config.yaml'), 'keepRunsDays: 30\n', { mode: 0o600 }); // loads the YAML parser
  t.match((await accepts(t, box, ['config', 'list'])).stdout, /^keepRunsDays\t30\t/m);
  await accepts(t, box, ['config', 'set', 'keepRunsDays', '31']);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: value });
  const daemon = (await box.daemonPid()) ?? 0;
  t.match(readFileSync(`/proc/${String(daemon)}/cmdline`, 'utf8'), realpathSync(home));
  t.match((await accepts(t, box, ['run', '--explain', 'x'])).stdout, `plugin nf-escrow ${version}`);
  const env = { NXF_PLUGINS_DEFAULT: 'false' }; // the fake nextflow has no plugins
  const ran = await box.escrow(['run', 'grep -c value "$NXF_SECRETS_FILE"; exit 3'], { env });
  t.equal(ran.status, 3, ran.stderr);
  t.match(ran.stdout, /^1\n/);
  const { runs } = await box.json<RunList>(['runs', 'list']);
  t.match(runs, [{ state: 'purged', exitStatus: 3 }]);
  t.equal((await box.json<Receipt>(['runs', 'receipt', runs[0]?.id ?? ''])).complete, true);
  t.same(box.filesWith(value), []);
  const passphrase = join(box.directory, 'passphrase');
  writeFileSync(passphrase, 'correct horse', { mode: 0o600 });
  t.match(
    (await accepts(t, box, ['vault', 'export', '--passphrase-file', passphrase])).stdout,
    'BEGIN AGE ENCRYPTED FILE',
  );
  await accepts(t, box, ['compute-envs', 'create', 'cluster', '--platform', 'hpc']); // reads its options from schemas
  t.match(
    (await accepts(t, box, ['iam', 'render', '--account', '123456789012', '--execution-role-name', 'x']))
      .stdout,
    'secretsmanager',
  );
  const doctor = JSON.parse((await box.escrow(['doctor', '--json'])).stdout) as {
    checks: { name: string }[];
  };
  t.ok(doctor.checks.length > 5);
  t.match((await box.http('GET', '/v1/openapi.json')).text, '"openapi":"3.1.0"');
  await accepts(t, box, ['shim', join(box.directory, 'bin')]);
  const shim = await box.startProgram(join(box.directory, 'bin/nextflow'), ['run', 'exit 4'], { env }).ended;
  t.equal(shim.status, 4, shim.stderr);
  t.same(await box.json(['status']), { runs: [] });
});

withAws('the package delivers and removes secrets on AWS Batch', async (t, aws) => {
  const box = withPackage(t);
  await accepts(t, box, createBatch(aws));
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
  await accepts(t, box, ['run', '--compute-env', 'batch', 'true']);
  t.ok(aws.calls.some(({ action }) => action === 'secretsmanager:CreateSecret'));
  t.same(await aws.secrets(), []);
  const { runs } = await box.json<RunList>(['runs', 'list']);
  const receipt = await box.json<Receipt>(['runs', 'receipt', runs[0]?.id ?? '']);
  t.equal(receipt.complete, true);
  t.same(receipt.leases.map(({ store }) => store).sort(), ['aws-secrets-manager', 'run-directory']);
  await box.json<ComputeEnvironment>(['compute-envs', 'show', 'batch']);
  await box.escrow(['iam', 'check', '--compute-env', 'batch']);
  await accepts(t, box, ['sweep', '--compute-env', 'batch']);
});
