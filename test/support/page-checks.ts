import type { Page } from 'playwright-core';

/** Pixels by which the page is wider than the window without its scroll bar. */
export const OVERFLOW =
  '(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.documentElement)';

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** Returns the violations of accessibility rules on the page as it is shown. The page must have evaluated `axe.source` before. */
export async function violationsOn(page: Page): Promise<string[]> {
  const found = await page.evaluate('axe.run().then(({ violations }) => violations)');
  return (found as Violation[]).map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary ?? ''}`).join('; ')}`,
  );
}
