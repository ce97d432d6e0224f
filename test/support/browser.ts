import { existsSync } from 'node:fs';
import { chromium, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import type { Test } from 'tap';
import { openDashboard } from './page.ts';
import type { Sandbox } from './sandbox.ts';
import { skipUnlessRequired } from './skip-unless-required.ts';

/** The path of Debian's Chromium. */
export const CHROMIUM = process.env['NF_ESCROW_TEST_CHROMIUM'] ?? '/usr/bin/chromium';

/** A real browser with everything that its pages report. */
export interface TestBrowser {
  readonly context: BrowserContext;
  /** Messages of the console, errors of scripts, and violations of the Content-Security-Policy. */
  readonly messages: string[];
  /** Bodies of all responses, with their requests. */
  readonly responses: { readonly url: string; readonly text: string }[];
  /** Opens a page whose messages and responses are recorded. */
  readonly open: (address: string) => Promise<Page>;
}

/** A loaded machine does not reach this limit of each wait. */
const PATIENCE_MS = 120_000;

/** Options for tests that need a browser of another kind. */
interface BrowserOptions {
  /** Arguments of Chromium. */
  readonly args?: readonly string[];
  readonly context?: BrowserContextOptions;
}

/** Starts Debian's Chromium. Without it, skips the test (fails it in CI) and returns undefined. */
export async function startBrowser(
  t: Test,
  { args = [], context: options = {} }: BrowserOptions = {},
): Promise<TestBrowser | undefined> {
  if (!existsSync(CHROMIUM)) {
    skipUnlessRequired(t, `${CHROMIUM} is not installed`);
    return undefined;
  }
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', ...args],
  });
  t.teardown(() => browser.close());
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const messages: string[] = [];
  const responses: { url: string; text: string }[] = [];
  context.on('console', (message) => messages.push(`${message.type()} ${message.text()}`));
  context.on('weberror', (error) => messages.push(String(error.error())));
  context.on('response', (response) => {
    response.text().then(
      (text) => responses.push({ url: response.url(), text }),
      () => undefined, // a stream, or a redirect
    );
  });
  const open = async (address: string): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(address);
    return page;
  };
  return { context, messages, responses, open };
}

/** Opens the dashboard of a sandbox in a browser, and waits for its first screen. */
export async function openPage(
  box: Sandbox,
  browser: TestBrowser,
): Promise<{ page: Page; base: string; port: number }> {
  const { link, port } = await openDashboard(box);
  const page = await browser.open(link);
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  return { page, base: link.replace(/#.*/, ''), port };
}

/** Goes to a screen, and waits until its data is shown. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    const before = location.href;
    addEventListener('hashchange', () => requestAnimationFrame(resolve), { once: true });
    location.hash = ${JSON.stringify(hash)};
    if (location.href === before) resolve();
  })`);
  await page.locator('main h1').waitFor();
  await page.locator('body:not(:has(.skeleton))').waitFor();
}
