// Values that Nextflow's own format cannot carry, with a real Nextflow that does not load the plugin.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Plan } from '../../../daemon/contract/types.ts';
import { newValue, output, pipeline, place, set } from '../../support/declared-secrets.ts';
import { realNextflows } from '../../support/nextflows.ts';

const env = { NXF_PLUGINS_DEFAULT: 'false' };

for (const nextflow of realNextflows(t)) {
  void t.test(`leaves out values that Nextflow's format cannot carry: ${nextflow}`, async (t) => {
    const { box, run } = place(t, nextflow);
    const good = newValue();
    await set(t, box, 'GOOD_KEY', good);
    const marker = join(box.directory, 'executed');
    await set(t, box, 'BAD_KEY', `\`touch ${marker}\``);
    await set(t, box, 'PEM_KEY', `two\nlines ${newValue()}`);

    const usable = await run(pipeline(['GOOD_KEY']), { env });
    t.equal(usable.ended.status, 0, output(usable.ended));
    t.same(usable.done, ['first', 'last', 'second']);
    t.equal(usable.second, good);
    const why = "Nextflow's own format cannot carry its value, which contains a";
    t.match(
      usable.ended.stderr,
      `nf-escrow: secret BAD_KEY is not delivered: ${why} backtick, which a shell would execute. A process that declares it fails.`,
    );
    t.match(usable.ended.stderr, `nf-escrow: secret PEM_KEY is not delivered: ${why} newline.`);
    t.notMatch(usable.ended.stderr, 'GOOD_KEY is');

    const declared = await run(pipeline(['BAD_KEY', 'PEM_KEY'], 'FIRST.out'), { env });
    t.equal(declared.ended.status, 1, output(declared.ended));
    t.match(output(declared.ended), "Required secrets are missing: 'BAD_KEY', 'PEM_KEY'");
    t.notOk(declared.done.includes('last'), 'the task does not start');
    t.notOk(existsSync(marker), 'no value is executed');

    const text = await box.escrow(['run', '--explain', 'main.nf'], { env });
    t.match(
      text.stdout,
      /^NOT DELIVERED +FROM +VERSION +REASON\nBAD_KEY +workspace +1 +Nextflow's own .+ backtick.*\nPEM_KEY /m,
    );
    t.match(text.stdout, /^GOOD_KEY +workspace +1 +-$/m);
    const json = await box.escrow(['run', '--explain', '--json', 'main.nf'], { env });
    const plan = JSON.parse(json.stdout) as Plan;
    t.match(plan.undeliverable, [
      { name: 'BAD_KEY', scope: 'workspace', version: 1, reason: /backtick/ },
      { name: 'PEM_KEY', scope: 'workspace', version: 1, reason: /newline/ },
    ]);
    t.match(plan.secrets, [{ name: 'GOOD_KEY' }]);
    t.equal(plan.secrets.length, 1);
    const withPlugin = await box.escrow(['run', '--explain', '--json', 'main.nf']);
    const whole = JSON.parse(withPlugin.stdout) as Plan;
    t.equal(whole.secrets.length, 3);
    t.equal(whole.undeliverable, undefined, 'the plugin carries any value');
  });

  void t.test(`does not replace such a value with one from Nextflow's own store: ${nextflow}`, async (t) => {
    const { box, run } = place(t, nextflow);
    await set(t, box, 'GOOD_KEY', `two\nlines ${newValue()}`);
    mkdirSync(join(box.directory, 'nxf/secrets'), { recursive: true });
    const store = JSON.stringify([{ name: 'GOOD_KEY', value: 'an overridden value' }]);
    writeFileSync(join(box.directory, 'nxf/secrets/store.json'), store, { mode: 0o600 });
    const { ended, second } = await run(pipeline([]), { env });
    t.equal(ended.status, 1, output(ended));
    t.match(output(ended), "Required secret is missing: 'GOOD_KEY'");
    t.equal(second, undefined);
  });
}
