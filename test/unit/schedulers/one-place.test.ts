// Names, commands and variables of a scheduler occur only in its own folder, the registry and the schema.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import ts from 'typescript';
import { definitions, executors } from '../../../daemon/schedulers/registry.ts';
import { root } from '../../support/sandbox.ts';

/** Folders of schedulers, the registry and generated types. */
const OWN = /^daemon\/(schedulers\/[a-z]+\/|schedulers\/registry\.ts$|contract\/types\.ts$)/;

const words = definitions.flatMap(({ executor, logNames, submitCommand, markerCommand, environment }) => [
  ...[executor, ...logNames, submitCommand, markerCommand],
  ...Object.values(environment as unknown as Record<string, string[]>).flat(),
]);
/** Matches whole words. A pattern such as SLURM_* matches names with this prefix. */
const alternatives = [...new Set(words)].map((word) =>
  word.endsWith('*') ? word.slice(0, -1) : `${word.replaceAll('*', '[A-Z_]+')}(?![A-Za-z0-9_])`,
);
const NAMES_ONE = new RegExp(`(?<![A-Za-z0-9_])(?:${alternatives.join('|')})`);

/** Returns whether a text is the example of a help text, which may name a scheduler. */
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

void t.test('templates name schedulers only in comments', async (t) => {
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

void t.test('one schema lists the schedulers, the same as the registry', async (t) => {
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

/** Returns strings, templates, regular expressions and property names of a source. */
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

/** Returns whether an identifier is a property, as in `env.JOB_ID` and `{ JOB_ID } = env`. */
function isProperty(node: ts.Identifier): boolean {
  const { parent } = node;
  return ts.isBindingElement(parent) || (ts.isPropertyAccessExpression(parent) && parent.name === node);
}
