// Every screen at three widths, compared pixel by pixel with references. `npm run screenshots -- --references` renews them.
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { PNG } from 'pngjs';
import t from 'tap';
import { fillSandbox, RUNS } from '../../support/appearance/fill-sandbox.ts';
import { FrozenPage, SAME_EVERYWHERE } from '../../support/appearance/frozen-page.ts';
import { References, versionOf } from '../../support/appearance/references.ts';
import { CHROMIUM, goTo, startBrowser } from '../../support/browser.ts';
import { openDashboard } from '../../support/page.ts';
import { root, Sandbox } from '../../support/sandbox.ts';

const MAIN = '#/workspaces/local/main/secrets';
const press =
  (key: string) =>
  async (page: Page): Promise<void> => {
    await page.keyboard.press(key);
    await page.getByRole('dialog').waitFor();
  };

const previewImport = async (page: Page): Promise<void> => {
  await page.getByLabel('Names and values').fill('DB_PASSWORD=a\nNEW_TOKEN=b\nPATH=c\n');
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByText('Refused:').waitFor();
  await page.mouse.move(0, 0); // otherwise the pointer changes how later screens look
};

/** A screen: its name, its address, and what to do there first. */
type Screen = readonly [name: string, address: string, prepare?: (page: Page) => Promise<void>];

const SCREENS: readonly Screen[] = [
  ['secrets', MAIN],
  ['secret', `${MAIN}/DB_PASSWORD`],
  ['add-secret', `${MAIN}?add=1`],
  ['import', `${MAIN}?import=1`],
  ['import-preview', `${MAIN}?import=1`, previewImport],
  ['no-secrets', '#/workspaces/local/empty/secrets'],
  ['personal-workspace', '#/workspaces/local/own/secrets'],
  ['your-secrets', '#/user/secrets'],
  ['runs', '#/runs'],
  ['no-runs', '#/runs?search=nothing-like-it'],
  ['run', `#/runs/${RUNS.succeeded}`],
  ['live-run', `#/runs/${RUNS.live}`],
  ['tasks', `#/runs/${RUNS.failed}/tasks`],
  ['log', `#/runs/${RUNS.succeeded}/log`],
  ['receipt', `#/runs/${RUNS.succeeded}/receipt`],
  ['exposed', `#/runs/${RUNS.exposed}/receipt`],
  ['launch', '#/launch'],
  ['compute-envs', '#/compute-envs'],
  ['compute-env', '#/compute-envs/batch'],
  ['audit', '#/audit'],
  ['not-found', '#/nothing-like-it'],
  ['palette', MAIN, press('Control+k')],
  ['keys', MAIN, press('?')],
];

/** Phones are light, the usual windows dark, and wide ones light: each theme and each width is compared on every screen. */
const WINDOWS = [
  { width: 390, height: 844, colorScheme: 'light' },
  { width: 1024, height: 768, colorScheme: 'dark' },
  { width: 1920, height: 1080, colorScheme: 'light' },
] as const;

// Decoding and comparing 70 images takes minutes on a machine that runs other tests too.
t.setTimeout(900_000);

const RENEWS = process.env['NF_ESCROW_TEST_RENEW_REFERENCES'] === '1';

void t.test('every screen looks like its reference', async (t) => {
  const browser = await startBrowser(t, SAME_EVERYWHERE);
  if (browser === undefined) return;
  const references = new References(join(root, 'test/e2e/page/references'), versionOf(CHROMIUM));
  if (RENEWS) references.clear();
  else if (references.otherBrowser !== undefined)
    t.comment(`compared less strictly: ${versionOf(CHROMIUM)} is not ${references.otherBrowser}`);
  const box = new Sandbox(t);
  const frozen = new FrozenPage(await fillSandbox(box));
  const page = await frozen.open(browser, (await openDashboard(box)).link);
  for (const [name, address, prepare] of SCREENS)
    for (const { width, height, colorScheme } of WINDOWS) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      await goTo(page, address);
      await prepare?.(page);
      const reference = `${name}-${String(width)}`;
      let matches = false as boolean;
      const png = await frozen.screenshot((one) => (matches = !RENEWS && references.matches(reference, one)));
      if (RENEWS) references.renew(reference, png);
      else t.equal(matches ? undefined : references.compare(reference, png), undefined, reference);
      if ((await page.getByRole('dialog').count()) > 0) await page.keyboard.press('Escape');
    }
  const names = SCREENS.flatMap(([name]) => WINDOWS.map(({ width }) => `${name}-${String(width)}`));
  t.same(references.names, names.sort(), 'there is a reference for each screen, and no other');
});

void t.test('finds a difference of one word, and names the image that shows it', (t) => {
  const references = new References(t.testdir(), 'a browser');
  references.clear();
  const image = new PNG({ width: 200, height: 100 });
  image.data.fill(255);
  references.renew('blank', PNG.sync.write(image));
  t.equal(references.compare('blank', PNG.sync.write(image)), undefined);
  for (let pixel = 0; pixel < 30; pixel += 1) image.data.fill(0, pixel * 40 * 4, pixel * 40 * 4 + 3);
  t.match(references.compare('blank', PNG.sync.write(image)), /30 pixels differ: .*blank-difference\.png/);
  image.data.fill(255);
  const taller = new PNG({ width: 200, height: 101 });
  taller.data.fill(255);
  t.match(references.compare('blank', PNG.sync.write(taller)), /200 pixels differ/);
  t.match(references.compare('other', PNG.sync.write(image)), /has no reference/);
  t.end();
});
