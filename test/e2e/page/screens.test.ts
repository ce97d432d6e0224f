// Every screen in a real browser, light and dark, wide and narrow: accessibility, violations of the policy, the keyboard.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Locator, Page } from 'playwright-core';
import t from 'tap';
import type { RunList } from '../../../daemon/contract/types.ts';
import { goTo, openPage, startBrowser } from '../../support/browser.ts';
import { OVERFLOW, violationsOn } from '../../support/page-checks.ts';
import { addExposure } from '../../support/page-data.ts';
import { startWaiting } from '../../support/page-runs.ts';
import { Sandbox } from '../../support/sandbox.ts';

const AWS = {
  region: 'eu-west-1',
  queue: 'spot',
  workDir: 's3://lab-work/nextflow',
  profile: 'absent',
  executionRole: 'arn:aws:iam::123456789012:role/execution',
};

const PARAMETERS = {
  type: 'object',
  required: ['input'],
  properties: {
    input: { type: 'string', description: 'Samples', help_text: 'A file' },
    depth: { type: 'integer', default: 1 },
    aligner: { enum: ['star', 'hisat2'], default: 'star' },
    trim: { type: 'boolean' },
    lanes: { type: 'array' },
    expert: { type: 'number', hidden: true },
  },
};

void t.test('every screen is accessible, light and dark, wide and narrow', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  for (const args of [['FOO_KEY'], ['BAR_KEY'], ['FOO_KEY', '--user']])
    await box.escrow(['secrets', 'set', ...args], { input: 'a value of the test' });
  await box.escrow(['workspaces', 'create', 'local/empty']);
  await box.escrow(['run', 'true']);
  await box.escrow(['run', 'exit 3']);
  const { runs } = await box.json<RunList>(['runs', 'list']);
  const [{ id } = { id: '' }] = runs;
  addExposure(box, id, 'FOO_KEY'); // adds the banner to every screen
  const run = `#/runs/${id}`;
  await box.http('POST', '/v1/compute-envs', { name: 'batch', platform: 'aws-batch', aws: AWS });
  const { page } = await openPage(box, browser);
  await page.evaluate(axe.source);
  const screens = [
    '#/workspaces/local/main/secrets',
    '#/workspaces/local/main/secrets/FOO_KEY',
    '#/workspaces/local/main/secrets?add=1',
    '#/workspaces/local/empty/secrets',
    '#/user/secrets',
    '#/runs',
    '#/runs?show=live',
    run,
    `${run}/tasks`,
    `${run}/log`,
    `${run}/receipt`,
    '#/workspaces/local/main/secrets?import=1',
    '#/launch',
    '#/compute-envs',
    '#/compute-envs/local',
    '#/compute-envs/batch',
    '#/audit',
    '#/audit?secret=FOO_KEY',
    '#/nothing-like-it',
  ];
  for (const width of [1280, 390])
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      for (const screen of screens) {
        await goTo(page, screen);
        t.same(await violationsOn(page), [], `${screen} ${colorScheme} ${String(width)}`);
        const overflow = await page.evaluate<number>(OVERFLOW);
        t.ok(overflow <= 0, `${screen} fits into ${String(width)} px`);
        if (/(add|import)=1|\/FOO_KEY/.test(screen)) await page.keyboard.press('Escape');
      }
    }
  t.same(browser.messages, [], 'no error, no violation of the policy');
});

void t.test('a reviewed launch and a previewed import are accessible', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  for (const args of [['FOO_KEY'], ['FOO_KEY', '--user']])
    await box.escrow(['secrets', 'set', ...args], { input: 'a value of the test' });
  writeFileSync(join(box.launch, 'main.nf'), "process ALIGN {\n  secret 'FOO_KEY'\n  secret 'BAR_KEY'\n}\n");
  writeFileSync(join(box.launch, 'nextflow_schema.json'), JSON.stringify(PARAMETERS));
  const { page } = await openPage(box, browser);
  await page.evaluate(axe.source);
  const inspect = async (what: string, shown: Locator): Promise<void> => {
    for (const width of [1280, 390])
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: 800 });
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        t.ok(await shown.isVisible(), `${what} is visible at ${String(width)} px`);
        t.same(await violationsOn(page), [], `${what} ${colorScheme} ${String(width)}`);
        t.ok((await page.evaluate<number>(OVERFLOW)) <= 0, `${what} fits into ${String(width)} px`);
      }
  };
  await goTo(page, '#/launch');
  await page.getByLabel('Pipeline').fill('main.nf');
  await page.getByLabel('Launch directory').fill(box.launch);
  await page.getByLabel('Show 1 hidden parameter').check();
  await page.getByLabel('Only selected secrets').check();
  await page.getByLabel('FOO_KEY').check();
  await page.getByRole('button', { name: 'Review launch' }).click();
  await page.getByText('ALIGN uses BAR_KEY').waitFor();
  const plan = page.getByRole('complementary', { name: 'Plan' });
  await inspect('a launch with an invalid parameter', plan);
  await page.getByLabel('input').fill('samples.csv');
  await page.getByRole('button', { name: 'Review launch' }).click();
  await page.getByRole('button', { name: 'Launch run' }).waitFor();
  await inspect('a launch', plan);

  await goTo(page, '#/workspaces/local/main/secrets?import=1');
  await page.getByLabel('Names and values').fill('FOO_KEY=a\nBAR_KEY=b\nPATH=c\n');
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByText('Refused:').waitFor();
  await inspect('an import', page.getByRole('dialog', { name: 'Import secrets' }));
});

void t.test('dialogs, menus and the page without access are accessible', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
  const { id, end } = await startWaiting(box);
  const { page, base } = await openPage(box, browser);
  const signedOut = await (await browser.context.browser()?.newContext())?.newPage();
  await signedOut?.goto(base);
  const button = (name: string) => (): Promise<void> => page.getByRole('button', { name }).click();
  const key = (name: string) => (): Promise<void> => page.keyboard.press(name);
  const item = (menu: string, name: string) => async (): Promise<void> => {
    await button(menu)();
    await page.getByRole('menuitem', { name, exact: true }).click();
  };
  const secrets = '#/workspaces/local/main/secrets';
  const opened: [what: string, address: string, role: 'dialog' | 'menu', open: () => Promise<void>][] = [
    ['the menu of a secret', secrets, 'menu', button('Actions for FOO_KEY')],
    ['the removal of a secret', secrets, 'dialog', item('Actions for FOO_KEY', 'Remove')],
    ['the update of a secret', secrets, 'dialog', item('Actions for FOO_KEY', 'Update value')],
    ['the menu of a run', `#/runs/${id}`, 'menu', button('More actions')],
    ['the cancellation of a run', `#/runs/${id}`, 'dialog', button('Cancel')],
    ['the command palette', '#/runs', 'dialog', key('Control+k')],
    ['the keyboard shortcuts', '#/runs', 'dialog', key('?')],
  ];
  const inspect = async (one: Page, what: string): Promise<void> => {
    await one.evaluate(axe.source);
    for (const colorScheme of ['light', 'dark'] as const) {
      await one.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      t.same(await violationsOn(one), [], `${what} ${colorScheme}`);
    }
  };
  for (const [what, address, role, open] of opened) {
    await goTo(page, address);
    await open();
    await page.getByRole(role).first().waitFor();
    await inspect(page, what);
    await page.keyboard.press('Escape');
    await page.getByRole(role).first().waitFor({ state: 'detached' });
  }
  if (signedOut !== undefined) {
    await signedOut.getByRole('heading', { name: 'Open the dashboard from a terminal' }).waitFor();
    await inspect(signedOut, 'the page without access');
  }
  await end();
  t.same(browser.messages, [], 'no error, no violation of the policy');
});

void t.test('every action can be reached with the keyboard', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
  const { page } = await openPage(box, browser);
  await page.getByRole('link', { name: 'FOO_KEY' }).waitFor();
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await press('/');
  await page.keyboard.type('nothing like it');
  await page.getByText('No secret matches').waitFor();
  await press('Control+a', 'Delete');
  await page.getByRole('link', { name: 'FOO_KEY' }).waitFor();
  await page.getByRole('heading', { level: 1 }).click();
  await press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await press('Control+k');
  await page.keyboard.type('foo_key');
  await page.getByRole('option', { name: 'FOO_KEY' }).waitFor();
  await press('Enter');
  await page.getByRole('dialog', { name: 'FOO_KEY' }).waitFor();
  await press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  t.equal(await page.evaluate('document.activeElement.id'), 'main', 'the focus is on the screen');
  await page.getByRole('link', { name: 'FOO_KEY' }).focus();
  await press('Enter');
  await page.getByRole('dialog', { name: 'FOO_KEY' }).waitFor();
  await press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  t.equal(
    await page.evaluate('document.activeElement.textContent'),
    'FOO_KEY',
    'a closed dialog returns the focus',
  );
  await page.getByRole('button', { name: 'Actions for FOO_KEY' }).focus();
  await press('Enter', 'ArrowDown', 'Escape');
  t.equal(
    await page.evaluate("document.activeElement.getAttribute('aria-label')"),
    'Actions for FOO_KEY',
    'Escape returns the focus',
  );
});
