import type { Page, Route } from 'playwright-core';
import type { DoctorReport } from '../../../daemon/contract/types.ts';
import { until } from '../sandbox.ts';
import type { TestBrowser } from '../browser.ts';
import { freezeJson, freezeText, NOW, substitute, type Substitution } from './freeze.ts';

/** Options of Chromium and of its context that make text look the same on each machine. */
export const SAME_EVERYWHERE = {
  args: ['--font-render-hinting=none', '--disable-lcd-text', '--force-color-profile=srgb'],
  context: { timezoneId: 'UTC', locale: 'en-GB', reducedMotion: 'reduce' },
} as const;

/** Replaces the system's fonts by DejaVu, which ensureChromium installs. Fails if it is missing. */
const USE_TEST_FONTS = `(async () => {
  const faces = [
    ['Test Sans', 'DejaVu Sans', '100 549'],
    ['Test Sans', 'DejaVu Sans Bold', '550 900'],
    ['Test Mono', 'DejaVu Sans Mono', '100 900'],
  ].map(([family, local, weight]) => new FontFace(family, 'local("' + local + '")', { weight }));
  for (const face of faces) document.fonts.add(await face.load());
  const style = new CSSStyleSheet();
  style.replaceSync(':root { --font: "Test Sans"; --mono: "Test Mono"; }');
  document.adoptedStyleSheets.push(style);
})()`;

/** Headers that do not apply to the replaced body. */
const OF_THE_ENCODED_BODY: readonly string[] = ['content-encoding', 'content-length', 'transfer-encoding'];

/** What doctor finds depends on the machine. */
const CHECKS: DoctorReport = {
  checks: [
    { name: 'ledger', state: 'ok', found: 'it can be read and written', remedy: null },
    {
      name: 'plugin',
      state: 'warning',
      found: 'Nextflow 24.04 is older than the plugin supports',
      remedy: 'Update Nextflow: nextflow self-update',
    },
    {
      name: 'AWS credentials',
      state: 'failure',
      found: 'the profile "lab" does not exist',
      remedy: 'Create it: aws configure sso --profile lab',
    },
  ],
};

/** What differs at each execution. */
export interface FrozenWords {
  readonly ids: readonly Substitution[];
  readonly names: readonly Substitution[];
}

/** The page of a real daemon. Between them, what differs at each execution is replaced in the responses. */
export class FrozenPage {
  readonly #substitutions: readonly Substitution[];
  readonly #reversed: readonly Substitution[];
  #requests = 0;
  #page: Page | undefined;

  /** `ids` are replaced in responses, and in reverse in the addresses of requests; `names` only in responses. */
  constructor({ ids, names }: FrozenWords) {
    this.#substitutions = [...ids, ...names];
    this.#reversed = ids.map(([found, shown]) => [shown, found]);
  }

  /** Opens a link of the dashboard in a browser with the options of SAME_EVERYWHERE. */
  async open({ context, open }: TestBrowser, link: string): Promise<Page> {
    await context.clock.setFixedTime(NOW);
    await context.route(
      ({ pathname }) => /^\/(v1\/(?!events$|sessions)|user-info)/.test(pathname),
      (route) => this.#answer(route),
    );
    await context.route(
      ({ pathname }) => pathname.endsWith('/doctor'),
      (route) => route.fulfill({ json: CHECKS }),
    );
    this.#page = await open(link);
    await this.#page.evaluate(USE_TEST_FONTS);
    return this.#page;
  }

  /** Returns an image of the whole page as soon as it has its data and is as expected, or no longer changes. */
  async screenshot(isExpected: (png: Buffer) => boolean = () => false): Promise<Buffer> {
    const page = this.#page;
    if (page === undefined) throw new Error('The page is not open.');
    let last: Buffer | undefined;
    return until('the page no longer changes', async () => {
      const before = last;
      last = this.#requests > 0 ? undefined : await page.screenshot({ fullPage: true });
      if (last === undefined || this.#requests > 0) return undefined;
      return isExpected(last) || before?.equals(last) === true ? last : undefined;
    });
  }

  async #answer(route: Route): Promise<void> {
    this.#requests += 1;
    try {
      const url = substitute(route.request().url(), this.#reversed);
      // The daemon closes idle connections, possibly while Playwright sends a request on one of them.
      const response = await route.fetch({ url, maxRetries: 3 });
      const kept = Object.entries(response.headers()).filter(([name]) => !OF_THE_ENCODED_BODY.includes(name));
      const headers: Record<string, string> = Object.fromEntries(kept);
      const text = await response.text();
      const isJson = /json/.test(headers['content-type'] ?? '');
      const body = isJson ? freezeJson(text, this.#substitutions) : freezeText(text, this.#substitutions);
      if (headers['content-range'] !== undefined) headers['content-range'] = rangeOf(body);
      await route.fulfill({ status: response.status(), headers, body });
    } finally {
      this.#requests -= 1;
    }
  }
}

/** Returns the range of a whole body, whose length was replaced too. */
function rangeOf(body: string): string {
  const length = Buffer.byteLength(body);
  return `bytes 0-${String(length - 1)}/${String(length)}`;
}
