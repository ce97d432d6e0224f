// docs/page-actions.md: each operation of the API is in the web page of a daemon and in that of a team server, with a test in a browser,
// or the document says why not.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { operationGroups } from '../../../daemon/api/operations/operations.ts';
import { serverOperations } from '../../../daemon/server/operations.ts';
import { root } from '../../support/sandbox.ts';
import { TEAM_ACTIONS } from '../../support/team-actions.ts';

const document = readFileSync(join(root, 'docs/page-actions.md'), 'utf8');

/** Returns the cells of the rows of the table below a heading. */
function rowsOf(heading: string): string[][] {
  const [, text = ''] = new RegExp(`^## ${heading}\\n(.*?)(?=^## |(?![^]))`, 'ms').exec(document) ?? [];
  return [...text.matchAll(/^\| (`.+) \|$/gm)].map(([, row = '']) => row.split(' | '));
}

function operationsIn(rows: readonly string[][]): string[] {
  return rows.flatMap(([cell = '']) => [...cell.matchAll(/`(\w+)`/g)].map(([, id = '']) => id));
}

/** The pages with the headings of their tables and the operations of their API. */
const PAGES = [
  {
    title: 'the page',
    suffix: '',
    ids: operationGroups.flatMap(({ operations }) => operations.map(({ id }) => id)),
  },
  {
    title: 'the page of a team server',
    suffix: ' of a team server',
    ids: serverOperations.map(({ id }) => id),
  },
];

for (const { title, suffix, ids } of PAGES) {
  const [inPage, notInPage] = [`In the page${suffix}`, `Not in the page${suffix}`];

  void t.test(`each operation is in ${title}, or there is a reason why not`, (t) => {
    const listed = [...operationsIn(rowsOf(inPage)), ...operationsIn(rowsOf(notInPage))];
    t.same(listed.toSorted(), ids.toSorted());
    for (const row of rowsOf(notInPage)) t.match(row[1], /\w{3}/, `a reason for ${String(row[0])}`);
    t.end();
  });

  void t.test(`each action in ${title} has a test in a browser`, (t) => {
    const rows = rowsOf(inPage);
    t.ok(rows.length > 20);
    for (const row of rows) {
      const [operations = '', place = ''] = row;
      t.match(place, /\w{3}/, operations);
      const test = row.at(-1) ?? '';
      const [, file = '', name = ''] =
        /^\[[\w-]+\]\(\.\.\/(test\/e2e\/page\/[\w-]+\.test\.ts)\): (.+)$/.exec(test) ?? [];
      const titles = file === '' ? [] : titlesIn(readFileSync(join(root, file), 'utf8'));
      t.ok(titles.includes(name), `${operations}: ${test}`);
    }
    t.end();
  });
}

/** The words of the document for the people of the test. */
const ROLES = {
  owner: 'owner',
  orgadmin: 'admin',
  maintainer: 'maintain',
  launcher: 'launch',
  viewer: 'view',
  administrator: 'administrator',
} as const;

void t.test('the roles of each action are those whose controls a test compares', (t) => {
  for (const [operations = '', , roles = ''] of rowsOf('In the page of a team server')) {
    const actions = TEAM_ACTIONS.filter((one) =>
      one.operations.some((id) => operations.includes(`\`${id}\``)),
    );
    if (actions.length === 0) continue;
    const people = new Set(actions.flatMap((one) => one.people));
    const expected = people.has('outsider')
      ? 'all users'
      : Object.entries(ROLES)
          .filter(([person]) => people.has(person as keyof typeof ROLES))
          .map(([, role]) => role)
          .join(', ');
    t.equal(roles, expected, operations);
  }
  const documented = operationsIn(rowsOf('In the page of a team server'));
  for (const { operations } of TEAM_ACTIONS) for (const id of operations) t.ok(documented.includes(id), id);
  t.end();
});

function titlesIn(source: string): string[] {
  return [...source.matchAll(/\bt\.test\(\s*'((?:[^'\\]|\\.)+)'/g)].map(([, title = '']) => title);
}
