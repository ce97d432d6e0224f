// A run that the daemon starts, with the real Nextflow and the program as users install it.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Launch, LaunchPreview, Receipt, Run } from '../../../daemon/contract/types.ts';
import { codeOf } from '../../support/http.ts';
import { launcher, realNextflow, Sandbox, until } from '../../support/sandbox.ts';

const PIPELINE = `
params.greeting = 'none'
params.count = 0
process HELLO {
  secret 'FOO_KEY'
  output:
  stdout
  script:
  """
  printf %s "\\$FOO_KEY" | sha256sum
  echo "greeting=\${params.greeting} count=\${params.count + 1}"
  touch '\${launchDir}/here'
  while [ ! -e '\${launchDir}/go' ]; do sleep 0.1; done
  """
}
workflow {
  HELLO() | view
}
`;
const SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    options: {
      type: 'object',
      required: ['greeting'],
      properties: { greeting: { type: 'string', pattern: '^[a-z ]+$' }, count: { type: 'integer' } },
    },
  },
  allOf: [{ $ref: '#/$defs/options' }],
};

void t.test('delivers secrets and parameters to a run that the daemon starts', async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  const box = new Sandbox(t, nextflow);
  box.command = [launcher];
  const value = `$v-${randomBytes(16).toString('hex')}`;
  writeFileSync(join(box.launch, 'main.nf'), PIPELINE);
  writeFileSync(join(box.launch, 'nextflow_schema.json'), JSON.stringify(SCHEMA));
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
  const responses: string[] = [];
  const send = async (parameters: object, query = '') => {
    const body = { pipeline: 'main.nf', launchDirectory: box.launch, parameters };
    const answer = await box.http('POST', `/v1/launches${query}`, body);
    responses.push(answer.text);
    return answer;
  };
  t.equal(codeOf(await send({ greeting: 'NO' })), 'parameters-invalid');
  const preview = JSON.parse((await send({ greeting: 'hi' }, '?preview=true')).text) as LaunchPreview;
  t.match(preview, {
    plan: { secretDelivery: /^plugin nf-escrow / },
    parameters: { result: 'valid' },
    processes: [{ process: 'HELLO', secrets: ['FOO_KEY'], missing: [], source: 'scripts' }],
  });
  const answer = await send({ greeting: 'hi there', count: 41 });
  t.equal(answer.status, 201, answer.text);
  const { run } = JSON.parse(answer.text) as Launch;
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  t.same(
    box.filesWith(value),
    [join(box.state, 'runs', run.id, 'secrets/FOO_KEY')],
    'only the delivered file has the value while the run lives',
  );
  writeFileSync(join(box.launch, 'go'), '');
  const ended = await until('the run is purged', async () => {
    const found = JSON.parse((await box.http('GET', `/v1/runs/${run.id}`)).text) as Run;
    return found.state === 'purged' ? found : undefined;
  });
  const { stdout } = await box.escrow(['runs', 'logs', run.id]);
  t.match(ended, { outcome: 'succeeded', exitStatus: 0 }, stdout);
  t.match(stdout, createHash('sha256').update(value).digest('hex'));
  t.match(stdout, 'greeting=hi there count=42', 'Nextflow reads the parameters with their types');
  const receipt = await box.json<Receipt>(['runs', 'receipt', run.id]);
  t.match(receipt, { complete: true, exposures: [] });
  t.same(readdirSync(join(box.state, 'runs')), []);
  t.same(box.filesWith(value), []);
  t.notMatch(
    readFileSync(join(box.launch, '.nextflow.log'), 'utf8'),
    'hi there',
    'the command line has only a path',
  );
  const again = JSON.parse((await send({ greeting: 'hi' }, '?preview=true')).text) as LaunchPreview;
  t.match(again.processes, [
    { process: 'HELLO', source: 'scripts' },
    { process: 'HELLO', secrets: ['FOO_KEY'], missing: [], source: 'runs' },
  ]);
  t.notMatch(responses.join(''), value);
});
