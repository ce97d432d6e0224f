// Every outward call of the engine is made within a step: read from the sources themselves, so that a new call without
// one fails here.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import ts from 'typescript';
import { steps } from '../../daemon/host/steps.ts';
import { root } from '../launcher.ts';

/** Rooms and files whose calls change the world for a run. */
const FILES = ['runs', 'stores'].flatMap((room) =>
  readdirSync(join(root, 'daemon', room)).map((name) => join(root, 'daemon', room, name)),
);
FILES.push(join(root, 'daemon/host/remove-durable.ts'));

/** What such a call is named, with what stands before its last dot where that matters. */
const OUTWARD =
  /(^|\.)(ledger\.write|batch\.send|client\.send|(write|create)Durable|write(File)?Sync|appendFileSync|(rename|unlink|rm|rmdir|mkdir|link|symlink|ftruncate|truncate)Sync|signal|askForEnd|writeHead|store\.(place|remove|inspect)|renew|scheduler\.submit|submitOrFind|\)\.cancel|terminate)$/;

interface Found {
  readonly where: string;
  readonly covered: boolean;
}

function calls(files: readonly ts.SourceFile[]): Found[] {
  const uses = usesOf(files);
  const found: Found[] = [];
  for (const file of files) {
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node)) {
        const name = node.expression
          .getText(file)
          .replaceAll(/\?\.|\s/g, (text) => (text === '?.' ? '.' : ''));
        if (OUTWARD.test(name) && !isDefinition(node, file))
          found.push({
            where: `${file.fileName.slice(root.length + 1)}:${String(lineOf(node, file))} ${name}`,
            covered: isCovered(node, file, uses, new Set()),
          });
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return found;
}

/** Within what is given to `step` or to `write`, or in a function all of whose uses are. */
function isCovered(node: ts.Node, file: ts.SourceFile, uses: Uses, seen: Set<string>): boolean {
  for (let up: ts.Node = node; !ts.isSourceFile(up); up = up.parent) {
    const { parent } = up;
    if (ts.isCallExpression(parent) && parent.arguments.includes(up as ts.Expression)) {
      const callee = parent.expression.getText(file);
      if ((callee === 'step' || callee === 'write') && parent.arguments.at(-1) === up) return true;
    }
    const name = nameOf(parent);
    if (name !== undefined) {
      if (seen.has(name)) return true;
      seen.add(name);
      const all = uses.get(name) ?? [];
      return all.length > 0 && all.every((use) => isCovered(use.node, use.file, uses, seen));
    }
  }
  return false;
}

type Uses = ReadonlyMap<string, readonly { node: ts.Node; file: ts.SourceFile }[]>;

function usesOf(files: readonly ts.SourceFile[]): Uses {
  const uses = new Map<string, { node: ts.Node; file: ts.SourceFile }[]>();
  for (const file of files) {
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node)) {
        const name = node.expression.getText(file).split('.').at(-1) ?? '';
        uses.set(name, [...(uses.get(name) ?? []), { node, file }]);
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return uses;
}

function nameOf(node: ts.Node): string | undefined {
  if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node)) return node.name?.getText();
  return undefined;
}

/** The one function through which `write` reaches the ledger. */
function isDefinition(node: ts.Node, file: ts.SourceFile): boolean {
  return file.fileName.endsWith('runs/engine.ts') && node.getText(file).startsWith('engine.ledger.write');
}

function lineOf(node: ts.Node, file: ts.SourceFile): number {
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
}

function parse(path: string, text = readFileSync(path, 'utf8')): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
}

void t.test('every outward call is within a step', async (t) => {
  const found = calls(FILES.map((path) => parse(path)));
  t.ok(found.length > 30, `${String(found.length)} outward calls`);
  t.same(
    found.filter(({ covered }) => !covered).map(({ where }) => where),
    [],
  );
});

void t.test('one that is not is found', async (t) => {
  const path = join(root, 'daemon/runs/x.ts');
  const text = `
    async function helper() { renameSync('a', 'b'); }
    async function other() { await helper(); await step(faults, 'fence.revoke', () => unlinkSync('a')); }
    async function third() { await step(faults, 'fence.revoke', () => fourth()); }
    function fourth() { rmSync('a'); }`;
  t.same(
    calls([parse(path, text)]).map(({ covered }) => covered),
    [false, true, true],
  );
});

void t.test('every step is in use', async (t) => {
  const text = FILES.map((path) => readFileSync(path, 'utf8')).join('\n');
  t.comment(steps.join(', '));
  t.same(
    steps.filter((name) => !text.includes(`'${name}'`)),
    [],
  );
});
