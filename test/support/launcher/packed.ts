import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../sandbox.ts';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function manifestOf(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
}

/**
 * Installs the package into a directory like npm: unpacks the output of `npm pack` and copies the packages that it depends on.
 * Copies, because links would lead back to the checkout. Returns the directory of the package.
 */
export function installPacked(directory: string): string {
  const modules = join(directory, 'lib/node_modules');
  const home = join(modules, 'nf-escrow');
  mkdirSync(home, { recursive: true });
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory];
  const [packed] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' })) as {
    filename: string;
  }[];
  execFileSync('tar', ['-xzf', join(directory, packed?.filename ?? ''), '-C', home, '--strip-components=1']);
  install(home, join(home, 'node_modules'));
  return home;
}

function install(from: string, into: string): void {
  const { dependencies = {}, optionalDependencies = {} } = manifestOf(from);
  for (const name of [...Object.keys(dependencies), ...Object.keys(optionalDependencies)]) {
    const source = join(root, 'node_modules', name);
    try {
      cpSync(source, join(into, name), { recursive: true, dereference: true });
    } catch (error) {
      if (name in optionalDependencies) continue; // for another platform
      throw error;
    }
    install(source, into);
  }
}

/** Returns the packages that a CommonJS file requires or imports, without the modules of Node. */
export function packagesIn(code: string): string[] {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const { expression, arguments: args } = node;
      const [name] = args;
      const isRequire =
        expression.kind === ts.SyntaxKind.ImportKeyword || expression.getText(source) === 'require';
      if (isRequire && name !== undefined && ts.isStringLiteralLike(name)) found.add(name.text);
    }
    ts.forEachChild(node, visit);
  };
  const source = ts.createSourceFile('bundle.cjs', code, ts.ScriptTarget.Latest, false, ts.ScriptKind.JS);
  visit(source);
  return [...found].filter((name) => !name.startsWith('.') && !isBuiltin(name));
}
