import { randomBytes } from 'node:crypto';
import type { Page } from 'playwright-core';
import type { Test } from 'tap';
import type { TestBrowser } from './browser.ts';

/** Returns a value that occurs nowhere else. */
export const newCanary = (): string => `canary-${randomBytes(12).toString('hex')}`;

/** Returns the forms in which a value could be stored or sent. */
function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  return [
    value,
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    encodeURIComponent(value),
  ];
}

/** Collects what the page shows, and what it stores in the browser. */
const SHOWN_AND_STORED = `(async () => JSON.stringify([
  document.documentElement.outerHTML,
  document.title,
  navigation.entries().map(({ url }) => url),
  { ...localStorage },
  { ...sessionStorage },
  [...document.querySelectorAll('input, textarea')].map(({ value }) => value),
  history.state,
  document.cookie,
  await indexedDB.databases(),
  await caches.keys(),
]))()`;

/** Fails if a value is in what the page shows, stores, logs, or received. */
export async function holdsNowhere(
  t: Test,
  page: Page,
  { responses, messages }: TestBrowser,
  value: string,
): Promise<void> {
  const found = await page.evaluate<string>(SHOWN_AND_STORED);
  const everything = [found, ...messages, ...responses.map(({ text }) => text)].join('\n');
  for (const form of formsOf(value)) t.notOk(everything.includes(form), 'the value is nowhere');
}
