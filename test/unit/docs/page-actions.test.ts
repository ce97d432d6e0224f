// docs/page-actions.md: each operation of the API is in the web page, with a test in a browser, or the document says why not.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { operationGroups } from '../../../daemon/api/operations/operations.ts';
import { root } from '../../support/sandbox.ts';

const document = readFileSync(join(root, 'docs/page-actions.md'), 'utf8');

/** Returns the cells of the rows of the table below a heading. */
function rowsOf(heading: string): string[][] {
  const [, text = ''] = new RegExp(`^## ${heading}\\n(.*?)(?=^## |(?![^]))`, 'ms').exec(document) ?? [];
  return [...text.matchAll(/^\| (`.+) \|$/gm)].map(([, row = '']) => row.split(' | '));
}

function operationsIn(rows: readonly string[][]): string[] {
  return rows.flatMap(([cell = '']) => [...cell.matchAll(/`(\w+)`/g)].map(([, id = '']) => id));
}

void t.test('each operation is in the page, or there is a reason why not', (t) => {
  const ids = operationGroups.flatMap(({ operations }) => operations.map(({ id }) => id));
  const listed = [...operationsIn(rowsOf('In the page')), ...operationsIn(rowsOf('Not in the page'))];
  t.same(listed.toSorted(), ids.toSorted());
  for (const row of rowsOf('Not in the page')) t.match(row[1], /\w{3}/, `a reason for ${String(row[0])}`);
  t.end();
});

void t.test('each action has a test in a browser', (t) => {
  const rows = rowsOf('In the page');
  t.ok(rows.length > 20);
  for (const [operations = '', place = '', test = ''] of rows) {
    t.match(place, /\w{3}/, operations);
    const [, file = '', title = ''] =
      /^\[[\w-]+\]\(\.\.\/(test\/e2e\/page\/[\w-]+\.test\.ts)\): (.+)$/.exec(test) ?? [];
    const titles = file === '' ? [] : titlesIn(readFileSync(join(root, file), 'utf8'));
    t.ok(titles.includes(title), `${operations}: ${test}`);
  }
  t.end();
});

function titlesIn(source: string): string[] {
  return [...source.matchAll(/\bt\.test\(\s*'((?:[^'\\]|\\.)+)'/g)].map(([, title = '']) => title);
}
