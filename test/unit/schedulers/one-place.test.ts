// What one scheduler is called, how it is asked and what it sets is in its own folder, the registry and the schema alone.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import ts from 'typescript';
import { definitions, executors } from '../../../daemon/schedulers/registry.ts';
import { root } from '../../support/sandbox.ts';

/** Its folder, and what is generated from the schema. */
const OWN = /^daemon\/(schedulers\/[a-z]+\/|schedulers\/registry\.ts$|contract\/types\.ts$)/;

const words = definitions.flatMap(({ executor, logNames, submitCommand, markerCommand, environment }) => [
  ...[executor, ...logNames, submitCommand, markerCommand],
  ...Object.values(environment as unknown as Record<string, string[]>).flat(),
]);
/** No letter and no digit on either side; a pattern such as SLURM_* stands for the names that begin so. */
const alternatives = [...new Set(words)].map((word) =>
  word.endsWith('*') ? word.slice(0, -1) : `${word.replaceAll('*', '[A-Z_]+')}(?![A-Za-z0-9_])`,
);
const NAMES_ONE = new RegExp(`(?<![A-Za-z0-9_])(?:${alternatives.join('|')})`);

/** The example of a help text may name one. */
const isExample = (text: string): boolean => text.includes('Example: nf-escrow');

void t.test('no other source names a scheduler', async (t) => {
  t.match("--executor 'slurm'", NAMES_ONE);
  t.match('SLURM_CONF', NAMES_ONE);
  t.notMatch('exclusive', NAMES_ONE);
  const files = readdirSync(join(root, 'daemon'), { recursive: true, encoding: 'utf8' })
    .map((name) => `daemon/${name}`)
    .filter((name) => name.endsWith('.ts') && !OWN.test(name));
  t.ok(files.length > 100);
  for (const file of files) {
    const found = textsOf(readFileSync(join(root, file), 'utf8')).filter(
      (text) => NAMES_ONE.test(text) && !isExample(text),
    );
    if (found.length > 0) t.same(found, [], file);
  }
});

void t.test('no template names a scheduler, but in comments', async (t) => {
  const entries = readdirSync(join(root, 'templates'), { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  t.ok(files.length > 5);
  for (const file of files) {
    const lines = readFileSync(file, 'utf8').split('\n');
    const found = lines.filter((line) => NAMES_ONE.test(line) && !line.startsWith('#'));
    if (found.length > 0) t.same(found, [], file);
  }
});

void t.test('the schemas list the schedulers once, and these are those of the registry', async (t) => {
  const lists = readdirSync(join(root, 'schemas')).flatMap((file) => {
    const found: unknown[] = [];
    JSON.parse(readFileSync(join(root, 'schemas', file), 'utf8'), (key, value: unknown) => {
      if (key === 'enum' && Array.isArray(value) && value.some((one) => executors.includes(one as never)))
        found.push(value);
      return value;
    });
    return found.map((list) => ({ file, list }));
  });
  t.equal(lists.length, 1);
  t.match(lists, [{ file: 'executor.json' }]);
  t.same([...(lists[0]?.list as string[])].sort(), [...executors].sort());
});

/** Strings, templates, regular expressions and properties: what code says beside its own names and comments. */
function textsOf(source: string): string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (
      ts.isStringLiteralLike(node) ||
      ts.isRegularExpressionLiteral(node) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddle(node) ||
      ts.isTemplateTail(node) ||
      (ts.isIdentifier(node) && isProperty(node))
    )
      texts.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('x.ts', source, ts.ScriptTarget.Latest, true));
  return texts;
}

/** As in `env.JOB_ID` and `{ JOB_ID } = env`. */
function isProperty(node: ts.Identifier): boolean {
  const { parent } = node;
  return ts.isBindingElement(parent) || (ts.isPropertyAccessExpression(parent) && parent.name === node);
}
