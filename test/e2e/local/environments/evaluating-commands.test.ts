// `nextflow inspect`, `config` and `run -preview` evaluate a pipeline, and see the secrets that a run would.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Receipt, RunList } from '../../../../daemon/contract/types.ts';
import { accepts } from '../../../support/hostile.ts';
import { realNextflows } from '../../../support/nextflows.ts';
import { realNextflow, Sandbox } from '../../../support/sandbox.ts';

const PIPELINE = `process SAY {
  secret 'FOO_KEY'
  container 'busybox'
  script:
  'true'
}
workflow { SAY() }
println "script:\${secrets.FOO_KEY}"
`;
const COMMANDS = [
  ['nextflow', 'inspect', 'main.nf'],
  ['run', '-preview', 'main.nf'],
  ['nextflow', 'run', 'main.nf', '-preview'],
] as const;

for (const nextflow of await Promise.resolve(realNextflows(t)))
  void t.test(`delivers secrets for the duration of evaluating commands: ${nextflow}`, async (t) => {
    const box = new Sandbox(t, nextflow);
    const value = `v${randomBytes(12).toString('hex')}`;
    await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: value });
    writeFileSync(join(box.launch, 'main.nf'), PIPELINE);
    for (const args of COMMANDS) {
      const end = await box.escrow(args);
      t.equal(end.status, 0, end.stderr);
      t.match(end.stdout, `script:${value}`, args.join(' '));
      t.same(box.filesWith(value), [], 'nothing is left');
    }
    const { runs } = await box.json<RunList>(['runs', 'list']);
    t.equal(runs.length, COMMANDS.length);
    for (const { id, state, outcome } of runs) {
      t.match({ state, outcome }, { state: 'purged', outcome: 'succeeded' });
      const receipt = await box.json<Receipt>(['runs', 'receipt', id]);
      t.match(receipt.leases, [{ state: 'gone' }]);
    }
  });

void t.test(
  'nextflow config has the secrets while it evaluates, with the status and output of Nextflow',
  async (t) => {
    const nextflow = realNextflow(t);
    if (nextflow === undefined) return;
    const box = new Sandbox(t, nextflow);
    const value = `v${randomBytes(12).toString('hex')}`;
    await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: value });
    // A configuration is Groovy: it copies the store that Nextflow reads, as evidence that it was there.
    writeFileSync(
      join(box.launch, 'nextflow.config'),
      "params.key = secrets.FOO_KEY\nparams.size = new File(System.getenv('NXF_SECRETS_FILE')).text.contains('FOO_KEY')\n",
    );
    const end = await box.escrow(['nextflow', 'config', '-flat']);
    t.equal(end.status, 0, end.stderr);
    t.match(end.stdout, /^params\.size = true$/m);
    t.match(end.stdout, /^params\.key = /m);
    t.same(box.filesWith(value), []);
    t.match((await box.json<RunList>(['runs', 'list'])).runs, [
      { state: 'purged', outcomeEvidence: 'exit status 0' },
    ]);
    writeFileSync(join(box.launch, 'nextflow.config'), 'this is not { a configuration');
    const bad = await box.escrow(['nextflow', 'config']);
    t.equal(bad.status, 1, 'an error of Nextflow has its status');
    t.same(box.filesWith(value), []);
    const help = await box.escrow(['nextflow', 'config', '-h']);
    t.equal(help.status, 0);
    t.equal((await box.json<RunList>(['runs', 'list'])).runs.length, 2, 'help needs no secrets');
  },
);
