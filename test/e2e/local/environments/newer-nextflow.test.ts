// What newer Nextflows do, shown with 24.10 and with a scripted nextflow where 24.10 cannot show it.
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Receipt, RunList } from '../../../../daemon/contract/types.ts';
import { accepts } from '../../../support/hostile.ts';
import { realNextflow, Sandbox } from '../../../support/sandbox.ts';

void t.test('a relative trace path of an event is resolved against the launch directory', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
  // The events of the plugin, with the path as Nextflow 25.10 has it in its configuration.
  const begin = JSON.stringify({
    type: 'run.begin',
    name: 'sad_euler',
    session: 'x',
    work: '/w',
    trace: 'logs/trace.txt',
  });
  const header = 'task_id\\thash\\tnative_id\\tname\\tstatus\\texit';
  const script = `mkdir -p logs && printf '${header}\\n1\\tab/cdef01\\t42\\tSAY (1)\\tCOMPLETED\\t0\\n' >logs/trace.txt
    echo '${begin}' >>"$(dirname "$NXF_SECRETS_FILE")/events.jsonl"`;
  await accepts(t, box, ['run', script]);
  const { runs } = await box.json<RunList>(['runs', 'list']);
  t.match(runs, [{ traceFile: join(box.launch, 'logs/trace.txt'), state: 'purged' }]);
  const { text } = await box.http('GET', `/v1/runs/${runs[0]?.id ?? ''}/tasks`);
  t.match(JSON.parse(text), { tasks: [{ name: 'SAY (1)', status: 'COMPLETED', nativeId: '42' }] });
});

void t.test('lineage records with a value are reported as an exposure', async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  for (const location of ['.lineage', 'elsewhere/lineage']) {
    const box = new Sandbox(t, nextflow);
    const value = `v${randomBytes(12).toString('hex')}`;
    await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: value });
    const store = location === '.lineage' ? '' : `lineage.store.location = '${location}'`;
    writeFileSync(join(box.launch, 'nextflow.config'), `lineage.enabled = true\n${store}\n`);
    // Nextflow since 25.04 writes the parameters of a run into such a record.
    const record = `${location}/4711/.data.json`;
    writeFileSync(
      join(box.launch, 'main.nf'),
      `def record = new File('${record}')
      record.parentFile.mkdirs()
      record.text = groovy.json.JsonOutput.toJson([kind: 'WorkflowRun', spec: [params: [token: secrets.FOO_KEY.toString()]]])
      `,
    );
    const end = await accepts(t, box, ['run', 'main.nf']);
    t.match(end.stderr, 'files of the run contain values of secrets: FOO_KEY');
    t.match(end.stderr, record);
    const [run] = (await box.json<RunList>(['runs', 'list'])).runs;
    const { exposures, conclusion } = await box.json<Receipt>(['runs', 'receipt', run?.id ?? '']);
    t.match(exposures, [{ secret: 'FOO_KEY', files: [join(box.launch, record)] }]);
    t.equal(conclusion, 'exposed');
  }
});

void t.test('the executor seqera is refused before any task, unless the run has no secrets', async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  const box = new Sandbox(t, nextflow);
  const value = `v${randomBytes(12).toString('hex')}`;
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: value });
  writeFileSync(join(box.launch, 'main.nf'), "println 'the script ran'\n");
  const refusal =
    /nf-escrow: cannot deliver secrets: the configuration sets process\.executor to seqera, which resolves secrets in Seqera Platform\./;
  writeFileSync(join(box.launch, 'nextflow.config'), "process.executor = 'seqera'\n");
  const end = await box.escrow(['run', 'main.nf']);
  t.equal(end.status, 1);
  t.match(`${end.stdout}${end.stderr}`, refusal);
  t.notMatch(end.stdout, 'the script ran');
  t.notOk(existsSync(join(box.launch, 'work/stage')));
  const none = await box.escrow(['run', '--no-secrets', 'main.nf']);
  t.notMatch(`${none.stdout}${none.stderr}`, 'nf-escrow: cannot deliver');
  t.same(box.filesWith(value), []);
});
