// layout.ts defines the names in a run directory. Shell templates and plugins cannot import it, so these tests compare
// their sources with it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { reservedFiles, reserveName, runFiles } from '../../../daemon/run-directory/layout.ts';
import { root } from '../../support/sandbox.ts';

const known = new Set<string>(Object.values(runFiles));
/** Temporary names, which no other program uses. */
const TEMPORARY = /\.new$|\.gone$|^\.gone$|^reserve\.?$/;

function sources(directory: string, ending: string): [string, string][] {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => [join(directory, name), readFileSync(join(root, directory, name), 'utf8')]);
}

/** Returns names after the run directory in a shell script, and names that `nfe_put` writes. */
function namesInShell(text: string): string[] {
  const code = text.replace(/^\s*#.*$/gm, '');
  const paths = [...code.matchAll(/\$\{?(?:nfe_dir|(?:nfe_)?directory)\}?"?\/([A-Za-z][\w.-]*|\.gone)/g)];
  const written = [...code.matchAll(/\bnfe_put ([a-z]+)\b/g)];
  return [...paths, ...written].map(([, name = '']) => name);
}

void t.test('shell templates use only defined names', async (t) => {
  for (const name of ['shim.sh', 'head.sh', 'probe.sh']) {
    const names = namesInShell(readFileSync(join(root, 'templates', name), 'utf8'));
    t.ok(names.length > 2, `${name} contains names`);
    t.same(
      names.filter((one) => !known.has(one) && !TEMPORARY.test(one)),
      [],
      name,
    );
  }
});

void t.test('plugins use only defined names', async (t) => {
  // The search for exposures uses names of Nextflow in other directories.
  const files = sources('plugin', '.java').filter(
    ([path]) => path.includes('/src/main/') && !path.includes('/exposures/'),
  );
  const names = files.flatMap(([, text]) =>
    [...text.matchAll(/\.resolve\("([^"]+)"\)/g)].map(([, name = '']) => name),
  );
  t.ok(names.includes(runFiles.events) && names.includes(runFiles.claim));
  t.same(
    names.filter((one) => !known.has(one) && !TEMPORARY.test(one)),
    [],
  );
});

void t.test('the daemon contains the names only in layout.ts', async (t) => {
  const literals = Object.values(runFiles).map((name) => name.replaceAll('.', String.raw`\.`));
  const inJoin = new RegExp(
    String.raw`\bjoin\([^()]*(?:[dD]irectory|target|run)\b[^()]*, '(${literals.join('|')})'\)`,
  );
  t.match("join(this.#directory, 'armed')", inJoin);
  t.same(
    sources('daemon', '.ts')
      .filter(([path, text]) => !path.endsWith('run-directory/layout.ts') && inJoin.test(text))
      .map(([path]) => path),
    [],
  );
});

void t.test('reserves space for files that the shim writes at the end', async (t) => {
  const shim = readFileSync(join(root, 'templates/shim.sh'), 'utf8');
  t.match(shim, /from=\$nfe_dir\/reserve\.\$1/);
  t.same(reservedFiles.map(reserveName), ['reserve.process', 'reserve.exit', 'reserve.erased']);
});
