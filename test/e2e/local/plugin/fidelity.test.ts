import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Run, RunList } from '../../../../daemon/contract/types.ts';
import { corpus } from '../../../support/hard-values.ts';
import { root, Sandbox } from '../../../support/sandbox.ts';
import { realNextflows } from '../../../support/nextflows.ts';

const SIZE = 2050;
const PROCESSES = 10;
const nameOf = (index: number): string => `V${String(index).padStart(4, '0')}`;

const TASK = `process P {
  publishDir params.out, saveAs: { name -> "hashes.\${id}" }
  input:
  val id
  output:
  path 'hashes'
  script:
  '''
  "$HASH_NODE" "$HASH_PROGRAM" >hashes
  '''
}
`;
const names = Array.from({ length: PROCESSES }, (_, index) => `P${String(index)}`);
const PIPELINE = `${names.map((name) => TASK.replace('process P', `process ${name}`)).join('\n')}
workflow {
${names.map((name, index) => `  ${name}(channel.of(${String(index)}))`).join('\n')}
}
`;

for (const nextflow of realNextflows(t))
  void t.test(`tasks receive exactly the secrets that they declare: ${nextflow}`, async (t) => {
    const box = new Sandbox(t, nextflow);
    const values = corpus(SIZE);
    await box.escrow(['daemon', 'start']);
    const secrets = values.map((value, index) => ({
      name: nameOf(index),
      valueBase64: value.toString('base64'),
    }));
    const answer = await box.http('POST', '/v1/workspaces/local/main/secrets/import', {
      secrets,
      onConflict: 'refuse',
    });
    t.equal(answer.status, 200, answer.text.slice(0, 300));
    writeFileSync(join(box.launch, 'main.nf'), PIPELINE);
    const declared = (index: number): string[] =>
      secrets.filter((_, position) => position % PROCESSES === index).map(({ name }) => name);
    const selectors = names.map((name, index) => {
      const list = declared(index)
        .map((secret) => `'${secret}'`)
        .join(', ');
      return `  withName: '${name}' { secret = [${list}] }`;
    });
    const config = `process {\n${selectors.join('\n')}\n}\nparams.out = '${box.launch}/out'\n`;
    writeFileSync(join(box.launch, 'nextflow.config'), config);
    const env = {
      HASH_NODE: process.execPath,
      HASH_PROGRAM: join(root, 'test/support/bin/hash-environment.mjs'),
    };
    const { status, stdout, stderr } = await box.escrow(['run', 'main.nf'], { env });
    t.equal(status, 0, `${stdout}${stderr}`);

    let exact = 0;
    let foreign = 0;
    for (const [index] of names.entries()) {
      const seen = new Map(
        readFileSync(join(box.launch, `out/hashes.${String(index)}`), 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => line.split(' ') as [string, string]),
      );
      for (const name of declared(index)) {
        const value = values[Number(name.slice(1))] ?? Buffer.alloc(0);
        if (seen.get(name) === createHash('sha256').update(value).digest('hex')) exact += 1;
        else t.fail(`${name}, ${value.subarray(0, 40).toString('hex')}…, differs in its task`);
        seen.delete(name);
      }
      foreign += seen.size;
    }
    t.comment(`fidelity ${String(exact)} of ${String(SIZE)}; over-shared names ${String(foreign)}`);
    t.equal(exact, SIZE);
    t.equal(foreign, 0);
    const [run] = (await box.json<RunList>(['runs', 'list'])).runs as [Run];
    t.match(run, { state: 'purged', outcome: 'succeeded', pendingRemovals: 0 });
    t.same(readdirSync(join(box.state, 'runs')), []);
    const long = values.filter((value) => value.length > 20 && value.length < 1000).slice(0, 40);
    for (const value of long) t.same(box.filesWith(value), [], 'no file contains the value');
  });
