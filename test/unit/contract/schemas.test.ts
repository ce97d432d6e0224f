import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { validate } from '../../../daemon/contract/validate.ts';
import { errorTable } from '../../../daemon/errors.ts';
import { root } from '../../support/sandbox.ts';

interface Schema {
  readonly $id: string;
  readonly title: 'Run';
  readonly description: string;
  readonly examples: unknown[];
  readonly properties?: Record<string, { enum?: string[] }>;
}

void t.test('each schema is described, and its examples fit it', async (t) => {
  for (const file of readdirSync(join(root, 'schemas'))) {
    const schema = JSON.parse(readFileSync(join(root, 'schemas', file), 'utf8')) as Schema;
    t.equal(schema.$id, file);
    t.ok(schema.description.length > 10, `${file} is described`);
    t.ok(schema.examples.length > 0, `${file} has examples`);
    for (const example of schema.examples) t.ok(validate<'Run'>(file, example), `example of ${file} fits`);
  }
});

void t.test('the codes of problem.json are those of the error table', async (t) => {
  const schema = JSON.parse(readFileSync(join(root, 'schemas/problem.json'), 'utf8')) as Schema;
  t.same(schema.properties?.['code']?.enum, Object.keys(errorTable));
});

void t.test('what does not fit is refused without being repeated', async (t) => {
  t.throws(() => validate<'SecretInput'>('secret-input.json', { value: 5, other: 'do-not-tell' }), {
    code: 'request-invalid',
  });
  try {
    validate<'SecretInput'>('secret-input.json', { valueBase64: 'do not tell' });
    t.fail('accepted');
  } catch (error) {
    t.notOk((error as Error).message.includes('do not tell'));
  }
});
