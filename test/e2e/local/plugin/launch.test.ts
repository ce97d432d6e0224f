import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { shippedPlugin } from '../../../../daemon/nextflow/plugin/plugin-files.ts';
import { companionPlugin } from '../../../support/companion-plugin.ts';
import { accepts, purged, refuses } from '../../../support/hostile.ts';
import { realNextflow, Sandbox } from '../../../support/sandbox.ts';

const NAME = `nf-escrow-${shippedPlugin()?.version ?? 'not built'}`;

void t.test(
  "without the plugin, refuses a selected value that Nextflow's format cannot carry, with the reason",
  async (t) => {
    const box = new Sandbox(t);
    const off = { NXF_PLUGINS_DEFAULT: 'false' };
    await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'two\nlines' });
    const why =
      /selected secret FOO_KEY: .*contains a newline\. The plugin, which could deliver this value, is not used: NXF_PLUGINS_DEFAULT is false/;
    await refuses(t, box, ['run', '--only-secret', 'FOO_KEY', 'touch ran'], [78, why], { env: off });
    t.notOk(readdirSync(box.launch).includes('ran'));
    await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'one-line' });
    const explained = await accepts(t, box, ['run', '--explain', 'x'], { env: off });
    t.match(explained.stdout, /delivered by +Nextflow's own format: NXF_PLUGINS_DEFAULT is false/);
    const ran = await accepts(t, box, ['run', 'grep -c line "$NXF_SECRETS_FILE"'], { env: off });
    t.equal(ran.stdout, '1\n');
    t.match(
      ran.stderr,
      /nf-escrow: secrets are delivered in Nextflow's own format because NXF_PLUGINS_DEFAULT is false/,
    );
    await purged(t, box, 'one-line');
  },
);

void t.test('concurrent launches install the plugin once', async (t) => {
  const box = new Sandbox(t);
  const value = 'one-for-all';
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: value });
  const script = 'cat "$NF_ESCROW_RUN/secrets/FOO_KEY"';
  const ended = await Promise.all(
    Array.from({ length: 8 }, () => box.escrow(['run', script], { env: { NXF_PLUGINS_DEFAULT: 'true' } })),
  );
  for (const { status, stdout, stderr } of ended)
    t.match({ status, stdout, stderr }, { status: 0, stdout: value, stderr: '' });
  t.same(readdirSync(join(box.directory, 'nxf/plugins')), [NAME]);
  await purged(t, box, value);
});

void t.test("loads the pipeline's own plugins as well", async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  const box = new Sandbox(t, nextflow);
  const plugin = join(box.directory, 'nxf/plugins/nf-companion-1.0.0');
  if (!companionPlugin(plugin, nextflow, 'the companion has started')) {
    t.pass('skipped', { skip: 'the jars of this Nextflow are not next to its launcher' });
    return;
  }
  writeFileSync(join(box.launch, 'nextflow.config'), "plugins { id 'nf-companion@1.0.0' }\n");
  writeFileSync(
    join(box.launch, 'main.nf'),
    `process ANY {
  secret 'FOO_KEY'
  output:
  stdout
  script:
  'printf %s "$FOO_KEY" | wc -l'
}
workflow {
  ANY() | view
}
`,
  );
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'two\nlines\n' });
  const { status, stdout, stderr } = await box.escrow(['run', 'main.nf']);
  t.equal(status, 0, `${stdout}${stderr}`);
  t.match(stdout, /the companion has started/);
  t.match(stdout, /^2$/m);
  await purged(t, box, 'two\nlines');
});
