// node scripts/generate-types.mjs [--check] [SCHEMAS] [FILE]: generates daemon/contract/types.ts from schemas/*.json. With
// --check it only compares, and fails when the file is outdated.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(import.meta.url), '../..');
const check = process.argv.includes('--check');
const [from = join(root, 'schemas'), to = join(root, 'daemon/contract/types.ts')] = process.argv
  .slice(2)
  .filter((argument) => !argument.startsWith('--'));

/** Returns one schema that contains all others, so that each type is declared once. */
function bundle(directory) {
  const files = readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .sort();
  const schemas = Object.fromEntries(
    files.map((file) => [file, JSON.parse(readFileSync(join(directory, file), 'utf8'))]),
  );
  const local = (value, key) => {
    // A described reference refers to the type by its name. Otherwise the generator declares the type again.
    if (typeof value?.$ref === 'string' && value.description !== undefined)
      return { description: value.description, tsType: value.$ref.split('/').at(-1) };
    if (key !== '$ref') return value;
    const [file, pointer = ''] = value.split('#');
    return `#/$defs/${schemas[file].title}${pointer}`;
  };
  const definitions = Object.values(schemas).map(({ $schema, $id, examples, ...schema }) => [
    schema.title,
    JSON.parse(JSON.stringify(schema), (key, value) => local(value, key)),
  ]);
  const properties = Object.fromEntries(definitions.map(([title]) => [title, { $ref: `#/$defs/${title}` }]));
  return {
    title: 'Contract',
    type: 'object',
    additionalProperties: false,
    properties,
    $defs: Object.fromEntries(definitions),
  };
}

const { compile } = await import('json-schema-to-typescript');
const generated = await compile(bundle(from), 'Contract', {
  bannerComment: '// Generated from schemas/ by scripts/generate-types.mjs; do not edit.',
  additionalProperties: false,
  maxItems: -1, // otherwise, a list of at most ten items becomes a union of eleven tuples
  style: { printWidth: 110, singleQuote: true },
});
if (check) {
  if (readFileSync(to, 'utf8') === generated) process.exit(0);
  process.stderr.write(`${to} is outdated. Run "node scripts/generate-types.mjs".\n`);
  process.exit(1);
}
// Writing only changes keeps incremental compilation fast.
let before;
try {
  before = readFileSync(to, 'utf8');
} catch {
  before = undefined; // first generation
}
if (before !== generated) writeFileSync(to, generated);
