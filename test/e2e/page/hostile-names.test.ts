// Names from outside on every screen that shows them: markup, characters that reorder or hide text, and 10,000 characters.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import t from 'tap';
import type { TaskList } from '../../../daemon/contract/types.ts';
import { goTo, openPage, startBrowser } from '../../support/browser.ts';
import { harmfulIn } from '../../support/hostile-text.ts';
import { OVERFLOW } from '../../support/page-checks.ts';
import { reportTask, startWaiting } from '../../support/page-runs.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

const MARKUP = '<img src=x onerror=alert(1)>';
const HOSTILE = `${MARKUP}\u202egpj.\u2066\u200b\ufeff\u3164\u{e0041}\u0007\u2028"'&`;
const LONG = 'x'.repeat(10_000);
/** A name of a directory has at most 255 bytes. */
const DIRECTORY = HOSTILE.replaceAll('/', '');

/** Returns everything that the page shows and tells screen readers, without what a person types into fields. */
const SHOWN = `(() => [
  document.title,
  document.body.innerText,
  ...[...document.querySelectorAll('[title], [aria-label], [placeholder], option')].flatMap((one) =>
    [one.title, one.getAttribute('aria-label'), one.getAttribute('placeholder'), one.tagName === 'OPTION' ? one.text : '']),
].join('\\n'))()`;
/** Chromium separates the cells of a table by tabs. */
const TAB = '9';
/** Elements and attributes that only markup from outside can have created. */
const CREATED = "document.querySelectorAll('body img, [onerror], body script:not([integrity])').length";

void t.test('names are shown as text on every screen', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
  const launch = join(box.launch, DIRECTORY);
  mkdirSync(launch);
  const properties = {
    [HOSTILE]: { type: 'string', description: HOSTILE, help_text: `${HOSTILE}${LONG}`, default: HOSTILE },
    [LONG]: { enum: [HOSTILE, LONG], description: LONG },
  };
  const schema = { $defs: { one: { title: HOSTILE, description: LONG, type: 'object', properties } } };
  writeFileSync(
    join(launch, 'nextflow_schema.json'),
    JSON.stringify({ ...schema, allOf: [{ $ref: '#/$defs/one' }] }),
  );
  writeFileSync(join(launch, 'main.nf'), `process ALIGN {\n  secret '${MARKUP}'\n}\n`);
  const { id, end } = await startWaiting(box, { parameters: ['-profile', HOSTILE, `--${LONG}`, HOSTILE] });
  for (const [number, name] of [HOSTILE, `${HOSTILE}${LONG}`, LONG].entries()) {
    const fields = { name, process: `${name}:${name}`, secrets: ['FOO_KEY'], native: name, hash: name };
    reportTask(box, id, 'submit', number + 1, fields);
    reportTask(box, id, 'end', number + 1, { ...fields, status: 'FAILED', exit: '1' });
  }
  await until('the tasks are recorded', async () => {
    const { tasks } = await box.json<TaskList>(['runs', 'tasks', id]);
    return tasks.length === 3;
  });
  const { page } = await openPage(box, browser);
  await page.evaluate('globalThis.alert = () => { throw new Error("markup was executed"); }');
  const encoded = encodeURIComponent(HOSTILE);
  const run = `#/runs/${id}`;
  const screens: [address: string, prepare?: () => Promise<void>][] = [
    ['#/runs'],
    [`#/runs?search=${encoded}`],
    [run],
    [`${run}/tasks`],
    [`${run}/log`],
    [`${run}/receipt`],
    ['#/audit'],
    [`#/audit?search=${encoded}&by=${encoded}&secret=${encoded}`],
    [`#/runs/${encoded}`],
    [`#/runs/${LONG}`],
    [`#/compute-envs/${encoded}`],
    [`#/workspaces/${encoded}/${encoded}/secrets`],
    [`#/workspaces/local/main/secrets?search=${encoded}`],
    [`#/workspaces/local/main/secrets/${encoded}`],
    [`#/user/secrets?search=${LONG}`],
    [`#/${encoded}`],
    ['#/workspaces/local/main/secrets?import=1', () => previewImport(page)],
    ['#/launch', () => reviewLaunch(page, launch)],
  ];
  const inspect = async (what: string): Promise<void> => {
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 800 });
      const harmful = harmfulIn(await page.evaluate<string>(SHOWN)).filter((one) => one !== TAB);
      t.same(harmful, [], `${what} shows no harmful character`);
      t.equal(await page.evaluate(CREATED), 0, `${what} contains no markup from outside`);
      t.ok((await page.evaluate<number>(OVERFLOW)) <= 0, `${what} fits into ${String(width)} px`);
    }
  };
  for (const [address, prepare] of screens) {
    await show(page, address);
    await prepare?.();
    await inspect(address.slice(0, 60));
    if ((await page.getByRole('dialog').count()) > 0) await page.keyboard.press('Escape');
  }
  await goTo(page, `${run}/tasks`);
  await page.getByText(MARKUP).first().waitFor();
  await page.getByText('\\u{202e}').first().waitFor();
  await end();
  await goTo(page, `${run}/receipt`);
  await inspect('the receipt of the ended run');
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.type('run');
  await inspect('the command palette');
  t.same(
    browser.messages.filter((message) => !message.startsWith('error Failed to load resource')),
    [],
    'no error, no violation of the policy',
  );
});

/** Goes to a screen, also of an object that does not exist. */
async function show(page: Page, address: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(address)}`);
  await page.locator('main').locator('h1, [role="alert"]').first().waitFor();
  await page.locator('body:not(:has(.skeleton))').waitFor();
}

async function previewImport(page: Page): Promise<void> {
  await page.getByLabel('Names and values').fill(`${MARKUP}\u202e=a\n${LONG}=b\nFOO_KEY=c\n`);
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByText('Refused:').first().waitFor();
}

async function reviewLaunch(page: Page, launch: string): Promise<void> {
  await page.getByLabel('Pipeline').fill('main.nf');
  await page.getByLabel('Launch directory').fill(launch);
  await page.getByLabel('Revision').fill(HOSTILE);
  await page.getByRole('button', { name: 'Review launch' }).click();
  await page.getByRole('complementary', { name: 'Plan' }).waitFor();
}
