import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import t from 'tap';
import { root } from '../../support/sandbox.ts';

const SKIPPED = new Set(['node_modules', 'dist', 'target', '.git', '.tap', '.cache']);
const TEXTS = new Set([
  ...['.md', '.ts', '.tsx', '.mjs', '.cjs', '.js', '.json', '.java', '.py', '.sh', '.sql', '.nf'],
  ...['.yaml', '.yml', '.html', '.css', '.service', '.toml', '.config'],
]);
/** Directories in which a file without an extension is a program or a template. */
const WITHOUT_EXTENSION = /^(?:bin|\.ci|templates|test\/support\/bin|test\/campaigns\/[^/]+\/bin)\//;

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = join(directory, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
  });
}

const files = filesBelow(root).filter(
  (file) =>
    TEXTS.has(extname(file)) || (extname(file) === '' && WITHOUT_EXTENSION.test(relative(root, file))),
);
const pages = files.filter((file) => file.endsWith('.md'));

/** Text without fenced code, which may show links of others. */
function proseOf(page: string): string {
  return readFileSync(page, 'utf8').replace(/^```.*?^```/gms, '');
}

/** As GitHub makes them: lower case, punctuation dropped, blanks to hyphens, repeated ones numbered. */
function anchorsOf(page: string): Set<string> {
  const seen = new Map<string, number>();
  return new Set(
    [...proseOf(page).matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading = '']) => {
      const slug = heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
        .replaceAll(' ', '-');
      const count = seen.get(slug) ?? 0;
      seen.set(slug, count + 1);
      return count === 0 ? slug : `${slug}-${String(count)}`;
    }),
  );
}

void t.test('every link of a page leads to a file and a heading that exist', (t) => {
  const broken = pages.flatMap((page) =>
    [...proseOf(page).matchAll(/(?:\]\(|\bsrc(?:set)?=")([^()\s"]+)[)"]/g)].flatMap(([, link = '']) => {
      if (/^[a-z]+:/.test(link)) return [];
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      const isFine = existsSync(target) && (anchor === undefined || anchorsOf(target).has(anchor));
      return isFine ? [] : [`${relative(root, page)}: ${link}`];
    }),
  );
  t.same(broken, []);
  t.ok(pages.length > 5, 'there are pages');
  t.end();
});

void t.test('every document and test that a file names is in the repository', (t) => {
  const named = /(?<![\w./-])((?:docs|test|\.\.\/shared)\/[\w./-]+\.(?:md|test\.ts))\b/g;
  const missing = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(named)]
      .filter(([, path = '']) => !existsSync(join(root, path)))
      .map(([, path = '']) => `${relative(root, file)}: ${path}`),
  );
  t.same(missing, []);
  t.end();
});

void t.test('docs/README.md links to every page for users', (t) => {
  const index = readFileSync(join(root, 'docs/README.md'), 'utf8');
  const docs = join(root, 'docs');
  const named = pages
    .map((page) => relative(docs, page))
    // Contributors find theirs in CONTRIBUTING.md and the index of decisions, and operators theirs in team-server.md.
    .filter((page) => !/^(?:\.\.|adr\/|contributing\/|team-server\/|README\.md)/.test(page));
  t.same(
    named.filter((page) => !index.includes(`](${page})`)),
    [],
  );
  t.end();
});
