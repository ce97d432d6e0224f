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

void t.test('has a description and valid examples in each schema', async (t) => {
  for (const file of readdirSync(join(root, 'schemas'))) {
    const schema = JSON.parse(readFileSync(join(root, 'schemas', file), 'utf8')) as Schema;
    t.equal(schema.$id, file);
    t.ok(schema.description.length > 10, `${file} has a description`);
    t.ok(schema.examples.length > 0, `${file} has examples`);
    for (const example of schema.examples)
      t.ok(validate<'Run'>(file, example), `example of ${file} is valid`);
  }
});

void t.test('lists the codes of the error table in error-code.json, in the same order', async (t) => {
  const { enum: codes } = JSON.parse(readFileSync(join(root, 'schemas/error-code.json'), 'utf8')) as {
    enum: string[];
  };
  t.same(codes, Object.keys(errorTable));
});

void t.test('rejects invalid data without quoting it', async (t) => {
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
