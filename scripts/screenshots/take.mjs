// node scripts/screenshots/take.mjs TEXT...: makes runs and takes screenshots of them. npm run screenshots starts it in a
// namespace with neutral names. Fails if a page contains one of the texts, which are names and paths of this machine.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startChromium } from '../chromium.mjs';
import { root, runDriver, say } from '../steps.mjs';
import { endRuns, escrow, makeRuns } from './make-runs.mjs';

const images = join(root, 'docs/images');
const WIDTH = 1200;
const HEIGHT = 720;
/** Enough for flat areas and smooth letters, at two thirds of the size. */
const COLOURS = 96;
/** The pages are shown as somebody sees them who comes back later, so that not everything happened just now. */
const LATER_MS = 25 * 60_000;

/** `shows`: text that is visible when the screen is complete. The name of a run in an address is replaced by its id. */
const SHOTS = [
  { name: 'runs', address: '#/runs', shows: 'curious_mendel', after: hideBanner },
  {
    name: 'secrets',
    address: '#/workspaces/genomics/rnaseq/secrets',
    shows: 'SLACK_WEBHOOK_URL',
    isDarkToo: true,
  },
  { name: 'your-secrets', address: '#/user/secrets', shows: 'GITHUB_TOKEN' },
  {
    name: 'run',
    address: '#/runs/nimble_darwin',
    shows: 'Delivery and removal',
    height: 1060,
    isDarkToo: true,
  },
  { name: 'tasks', address: '#/runs/brave_franklin/tasks', shows: 'STORE_RESULTS', height: 1100 },
  { name: 'receipt', address: '#/runs/brave_franklin/receipt', shows: 'Nothing is left' },
  {
    name: 'exposed',
    address: '#/runs/curious_mendel/receipt',
    shows: 'Search for secret values',
    height: 1020,
  },
  { name: 'launch', address: '#/launch', shows: 'Plan', height: 1000, prepare: reviewLaunch },
];

runDriver(async () => {
  const machine = process.argv.slice(2);
  const encoder = pathToFileURL(join(root, 'dist/test/support/appearance/palette-png.js')).href;
  const { encodePalettePng } = await import(encoder);
  const browser = await startChromium();
  try {
    const ids = await makeRuns();
    const [link] = /^http:\S+#code=\S+$/m.exec(escrow(['dashboard', '--no-open'])) ?? [];
    const context = await browser.newContext({ deviceScaleFactor: 2, timezoneId: 'UTC' });
    const page = await context.newPage();
    await page.clock.install({ time: Date.now() + LATER_MS });
    await page.goto(link);
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    mkdirSync(images, { recursive: true });
    for (const shot of SHOTS)
      for (const theme of shot.isDarkToo ? ['light', 'dark'] : ['light']) {
        say(`${shot.name}, ${theme}`);
        await page.setViewportSize({ width: WIDTH, height: shot.height ?? HEIGHT });
        await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
        await show(page, shot, ids, machine);
        const png = encodePalettePng(await page.screenshot(), COLOURS);
        writeFileSync(join(images, `${shot.name}${shot.isDarkToo ? `-${theme}` : ''}.png`), png);
        await shot.after?.(page);
      }
  } finally {
    endRuns();
    await browser.close();
  }
});

/** The other images show their own subject. */
async function hideBanner(page) {
  await page.getByRole('button', { name: 'Hide in this tab' }).click();
}

/** Fills the form that launches a run, and asks for its plan. */
async function reviewLaunch(page) {
  await page.getByLabel('Pipeline').fill(process.env.LAUNCH);
  await page.getByLabel('Launch directory').fill(process.env.LAUNCH);
  await page.getByLabel(/^input/).fill('samples.csv');
  await page.getByRole('button', { name: 'Review launch' }).click();
  await page.getByRole('button', { name: 'Launch run' }).waitFor({ timeout: 120_000 });
}

async function show(page, { address, shows, prepare }, ids, machine) {
  const hash = address.replace(/(?<=^#\/runs\/)\w+/, (name) => ids[name]);
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  await page.locator('main').getByText(shows).first().waitFor();
  await page.locator('.skeleton').waitFor({ state: 'detached' });
  await prepare?.(page);
  const html = await page.content();
  const found = machine.find((text) => html.includes(text));
  if (found !== undefined) throw new Error(`The page of ${address} contains ${found}.`);
}
