import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { root } from '../../support/sandbox.ts';

const page = readFileSync(join(root, 'docs/dependencies.md'), 'utf8');

function namesIn(section: string): string[] {
  const [, text = ''] = new RegExp(`^## ${section}\\n(.*?)(?=^## |(?![^]))`, 'ms').exec(page) ?? [];
  return [...text.matchAll(/^\| (?!Package|File|Library|---)([^|]+?) +\|/gm)].flatMap(([, names = '']) =>
    names.replaceAll('`', '').split(', '),
  );
}

void t.test('docs/dependencies.md lists exactly the dependencies of package.json', (t) => {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
  t.same(namesIn('Installed with nf-escrow'), Object.keys(dependencies));
  t.same([...namesIn('Bundled'), ...namesIn('Development')].sort(), Object.keys(devDependencies).sort());
  t.end();
});

void t.test('docs/dependencies.md lists the files that start programs without execa', (t) => {
  const files = readdirSync(join(root, 'daemon'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `daemon/${name}`)
    .filter((name) =>
      /^import \{[^}]*\b(?:spawn|exec|fork)\w*\b[^}]*\} from 'node:child_process'/m.test(
        readFileSync(join(root, name), 'utf8'),
      ),
    );
  t.same(namesIn('Start cost').sort(), files.sort());
  t.ok(files.length > 0);
  t.end();
});
