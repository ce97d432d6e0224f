// Names of platforms and their stores appear only in their own folders, the registries and the schemas.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import ts from 'typescript';
import { createStores, platformRules } from '../../../daemon/stores/registry.ts';
import { noFaults } from '../../../daemon/system/steps.ts';
import { systemClock } from '../../../daemon/system/time/clock.ts';
import { root } from '../../support/sandbox.ts';

/** Properties of a compute environment that hold a platform's settings. Folders of a platform have the same name. */
const settings = Object.values(platformRules).flatMap(({ settings }) => settings ?? []);

const REGISTRIES = [
  'daemon/stores/registry.ts',
  'daemon/doctor/platform-checks.ts',
  'daemon/launch/prepare-for-platform.ts',
  'daemon/contract/types.ts', // generated from the schemas
];
const isOwn = (file: string): boolean =>
  REGISTRIES.includes(file) || settings.some((name) => file.split('/').slice(0, -1).includes(name));

/** Names of platforms with settings. Platforms without settings have no backend. */
const platforms = Object.entries(platformRules).flatMap(([name, rules]) =>
  rules.settings === null ? [] : [name],
);
const stores = [...createStores({ owner: 'ada', clock: systemClock, faults: noFaults }).values()];
const words = [
  ...platforms,
  ...stores.flatMap(({ secrets: { objects }, jobDefinitions, taskJobs }) =>
    [objects?.kind, objects?.guard?.kind, jobDefinitions?.kind, taskJobs?.executor].flatMap(
      (word) => word ?? [],
    ),
  ),
];
const NAMES_ONE = new RegExp(`(?<![\\w-])(?:${words.join('|')})(?![\\w-])`);

void t.test('no other source names a platform, a store or its settings', async (t) => {
  t.match("platform === 'aws-batch'", NAMES_ONE);
  t.same(findNames('const { aws } = environment; f(environment.aws, "use aws-batch");'), [
    'aws',
    'aws',
    'use aws-batch',
  ]);
  t.same(findNames('f(awsWaits, "aws-credentials"); // aws-batch'), []);
  const files = readdirSync(join(root, 'daemon'), { recursive: true, encoding: 'utf8' })
    .map((name) => `daemon/${name}`)
    .filter((name) => name.endsWith('.ts') && !isOwn(name));
  t.ok(files.length > 100);
  for (const file of files) {
    const found = findNames(readFileSync(join(root, file), 'utf8'));
    if (found.length > 0) t.same(found, [], file);
  }
});

void t.test('each platform with settings has a schema and a page of documentation', async (t) => {
  for (const [name, { settings }] of Object.entries(platformRules)) {
    if (settings === null) continue;
    const schema = JSON.parse(
      readFileSync(join(root, `schemas/${settings}-settings.json`), 'utf8'),
    ) as Readonly<Record<string, string>>;
    t.equal(schema['x-platform'], name);
    t.type(schema['x-summary'], 'string');
    t.match(readFileSync(join(root, `docs/${name}.md`), 'utf8'), `--platform ${name}`);
  }
});

/**
 * Returns strings and templates that contain a name, and identifiers that equal a settings property. Ignores
 * comments.
 */
function findNames(source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isText =
      ts.isStringLiteralLike(node) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddle(node) ||
      ts.isTemplateTail(node) ||
      ts.isRegularExpressionLiteral(node);
    if (isText && NAMES_ONE.test(node.text)) found.push(node.text);
    if (ts.isIdentifier(node) && settings.some((name) => name === node.text)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('x.ts', source, ts.ScriptTarget.Latest, true));
  return found;
}
