// Runs the commands of each page, as a new user would, and prints how many were run.
import t from 'tap';
import { commandsOf, pages, type PageCommand } from '../../support/documents/pages.ts';
import { runInShell } from '../../support/documents/page-shell.ts';
import { missingLines } from '../../support/documents/shown-output.ts';
import { settingOf } from './settings.ts';

const all = pages().map((page) => ({ page, commands: commandsOf(page) }));
const withCommands = all.filter(({ commands }) => commands.length > 0);
/** A part of the name of the page to run, to try a change of one page. */
const ONLY = process.env['NF_ESCROW_TEST_PAGE'] ?? '';
const counts = { run: 0, skipped: 0 };
const isRun = ({ notRun }: PageCommand): boolean => notRun === undefined;

t.jobs = 3;
const tests: Promise<unknown>[] = [];
for (const { page, commands } of withCommands) {
  const toRun = commands.filter(isRun);
  if (toRun.length === 0 || !page.includes(ONLY)) continue;
  const test = t.test(page, { buffered: true }, async (t) => {
    const setting = await settingOf(page, t);
    if (setting === undefined) {
      counts.skipped += toRun.length;
      return;
    }
    const { box, edit, input = '', showsOutput = false } = setting;
    const steps = toRun.map(({ text }) => ({ text: edit?.(text) ?? text, input }));
    const results = await runInShell(box, steps);
    for (const [index, { text, line, shown, status }] of toRun.entries()) {
      const result = results[index];
      const said = `${page}:${String(line)}: ${text}\n${result?.stdout ?? ''}${result?.stderr ?? ''}`;
      t.equal(result?.status, status, said);
      counts.run += 1;
      const output = `${result?.stdout ?? ''}${result?.stderr ?? ''}`;
      if (showsOutput) t.same(missingLines(shown, output, box.directory), [], said);
    }
  });
  tests.push(test);
}

await Promise.all(tests);
const checked = withCommands.flatMap(({ commands }) => commands).filter((command) => !isRun(command)).length;
const skipped = counts.skipped === 0 ? '' : `, ${String(counts.skipped)} skipped`;
t.comment(
  `${String(all.length)} pages, ${String(withCommands.length)} of them with commands: ${String(counts.run)} ` +
    `commands run, ${String(checked)} only checked${skipped}`,
);
