// The names in a run directory are stated once, in layout.ts. The shell templates and the plugins cannot import it: here
// their sources are compared with it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { reservedFiles, reserveName, runFiles } from '../../../daemon/run-directory/layout.ts';
import { root } from '../../support/sandbox.ts';

const known = new Set<string>(Object.values(runFiles));
/** Temporary names: they never carry a meaning for another program. */
const TEMPORARY = /\.new$|\.gone$|^\.gone$|^reserve\.?$/;

function sources(directory: string, ending: string): [string, string][] {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => [join(directory, name), readFileSync(join(root, directory, name), 'utf8')]);
}

/** Names after `$dir/` or `$directory/` in a shell script, and what `put` writes there. */
function namesInShell(text: string): string[] {
  const code = text.replace(/^\s*#.*$/gm, '');
  const paths = [...code.matchAll(/\$\{?(?:dir|directory)\}?"?\/([A-Za-z][\w.-]*|\.gone)/g)];
  const written = [...code.matchAll(/\bput ([a-z]+)\b/g)];
  return [...paths, ...written].map(([, name = '']) => name);
}

void t.test('the shell templates use no other names', async (t) => {
  for (const name of ['shim.sh', 'head.sh', 'probe.sh']) {
    const names = namesInShell(readFileSync(join(root, 'templates', name), 'utf8'));
    t.ok(names.length > 2, `${name} names files`);
    t.same(
      names.filter((one) => !known.has(one) && !TEMPORARY.test(one)),
      [],
      name,
    );
  }
});

void t.test('the plugins use no other names', async (t) => {
  // Those that search for exposures know files of Nextflow's, in other directories.
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

void t.test('the daemon writes the names nowhere else', async (t) => {
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

void t.test('space is reserved for what the shim writes at the end', async (t) => {
  const shim = readFileSync(join(root, 'templates/shim.sh'), 'utf8');
  t.match(shim, /from=\$dir\/reserve\.\$1/);
  t.same(reservedFiles.map(reserveName), ['reserve.process', 'reserve.exit', 'reserve.erased']);
});
