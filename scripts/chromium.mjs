// The browser of screenshots and measurements.
import { chromium } from 'playwright-core';
import { which } from './steps.mjs';

/** Starts Debian's Chromium without a window. */
export async function startChromium() {
  const executablePath = which('chromium');
  if (executablePath === undefined)
    throw new Error('Chromium is missing (Debian: apt-get install chromium).');
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}
