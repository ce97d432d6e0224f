import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { COMPUTE_ENVIRONMENT_TITLE, WORKSPACE_TITLE } from '../../../daemon/contract/object-names.ts';
import { validate } from '../../../daemon/contract/validate.ts';
import { EscrowError } from '../../../daemon/errors.ts';
import { root } from '../../support/sandbox.ts';

/** Returns what is said about invalid data. */
function refusal(file: string, data: unknown): EscrowError {
  try {
    validate<'Run'>(file, data);
  } catch (error) {
    if (error instanceof EscrowError) return error;
    throw error;
  }
  throw new Error(`${file} accepts ${JSON.stringify(data)}`);
}

void t.test('describes a violation as a sentence about the field, without the data', (t) => {
  const environment = { name: 'batch', platform: 'aws-batch' };
  for (const [file, data, field, message] of [
    ['run-query.json', { limit: 0 }, 'limit', 'limit must be a number from 1 to 1000.'],
    ['run-query.json', { limit: '7.5' }, 'limit', 'limit must be a whole number from 1 to 1000.'],
    ['audit-query.json', { before: 'x' }, 'before', 'before must be a number from 1 to 9007199254740991.'],
    ['run-prune.json', {}, 'days', 'days is missing.'],
    ['run-prune.json', { days: 1, dayz: 1 }, 'dayz', 'dayz is not a known field.'],
    ['run-prune.json', 'canary', undefined, 'The body must be an object.'],
    [
      'workspace-input.json',
      { organization: 'lab', name: 'canary!' },
      'name',
      'name must be 1 to 63 lower-case letters, digits and hyphens, starting with a letter or digit.',
    ],
    [
      'compute-environment-input.json',
      { ...environment, aws: { region: 'canary', queue: 'q', workDir: 's3://work', executionRole: 'x' } },
      'aws.region',
      'aws.region must be an AWS region, such as eu-west-1.',
    ],
    [
      'compute-environment-change.json',
      { runsDirectory: 'canary' },
      'runsDirectory',
      'runsDirectory must be an absolute path, or null.',
    ],
    ['compute-environment-change.json', {}, undefined, 'The body must be an object with at least one field.'],
    ['secret-input.json', { valueBase64: 'ca nary' }, 'valueBase64', 'valueBase64 must be base64.'],
    [
      'compute-environment-change.json',
      { headOptions: Array.from({ length: 101 }, () => 'x') },
      'headOptions',
      'headOptions must be a list of at most 100 items.',
    ],
  ] as const) {
    const error = refusal(file, data);
    t.match(error, { code: 'request-invalid', field, message }, message);
    t.notMatch(`${error.message} ${error.hint}`, /canary|ca nary/, 'the data may be a secret value');
  }
  t.match(refusal('run-query.json', { state: 'runing' }).hint, /^Did you mean running\?$/);
  t.match(refusal('run-prune.json', { days: 1, day: 1 }).hint, /^Did you mean days\?$/);
  t.end();
});

void t.test('each pattern of a schema has a rule in words', (t) => {
  const look = (at: unknown, file: string): void => {
    if (typeof at !== 'object' || at === null) return;
    if ('pattern' in at && typeof at.pattern === 'string')
      t.type((at as { 'x-rule'?: string })['x-rule'], 'string', `${file}: ${at.pattern}`);
    for (const part of Object.values(at)) look(part, file);
  };
  for (const file of readdirSync(join(root, 'schemas')))
    look(JSON.parse(readFileSync(join(root, 'schemas', file), 'utf8')), file);
  t.end();
});

void t.test('the patterns of names equal those of the schemas', (t) => {
  const read = (file: string): { pattern: string; properties: Record<string, { pattern: string }> } =>
    JSON.parse(readFileSync(join(root, 'schemas', file), 'utf8')) as never;
  const slashed = (pattern: string): string => new RegExp(pattern).source;
  t.equal(WORKSPACE_TITLE.source, slashed(read('workspace-title.json').pattern));
  const name = read('run-request.json').properties['computeEnvironment']?.pattern ?? '';
  t.equal(COMPUTE_ENVIRONMENT_TITLE.source, slashed(name));
  t.end();
});
