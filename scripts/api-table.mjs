// node scripts/api-table.mjs [--check]: generates the table of docs/api.md from the list of operations. With --check it
// only compares, and fails when the table is outdated.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './steps.mjs';

const { operations } = await import(pathToFileURL(join(root, 'dist/daemon/api/operations.js')).href);
const path = join(root, 'docs/api.md');
const rows = operations.map(({ method, path: where, summary, query, request, answer, status }) => {
  const cells = [request, answer].map((body) => (body === undefined ? '-' : `\`${body}\``));
  const about = query === undefined ? summary : `${summary}. Query parameters: \`${query}\``;
  return `| \`${method.toUpperCase()} ${where}\` | ${about} | ${cells.join(' | ')} | ${status ?? 200} |`;
});
const table = [
  '| Request | Description | Request body | Response body | Status |',
  '| --- | --- | --- | --- | --- |',
  ...rows,
];
const text = readFileSync(path, 'utf8');
const wanted = text.replace(/\| Request [\s\S]*$/, () => `${table.join('\n')}\n`);
if (process.argv.includes('--check')) {
  if (wanted === text) process.exit(0);
  process.stderr.write('docs/api.md is outdated. Run "node scripts/api-table.mjs".\n');
  process.exit(1);
}
writeFileSync(path, wanted);
