// The page of components (#/design) in a real browser. Only a development build has it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import t from 'tap';
import { openPage, startBrowser } from '../../support/browser.ts';
import { useDevelopmentPage } from '../../support/development-page.ts';
import { OVERFLOW, violationsOn } from '../../support/page-checks.ts';
import { root, Sandbox } from '../../support/sandbox.ts';

/**
 * Returns the names of the components that the screen renders now. Preact keeps the tree of components at the element that
 * contains them, in properties with these short names.
 */
const RENDERED = `(() => {
  const names = new Set();
  const visit = (node, isInside) => {
    if (node === null || typeof node !== 'object') return;
    const name = typeof node.type === 'function' ? node.type.name.replace(/\\$\\d+$/, '') : '';
    if (isInside && name !== '') names.add(name);
    for (const child of node.__k ?? []) visit(child, isInside || name === 'Design');
  };
  visit(document.querySelector('#page').__k, false);
  return [...names];
})()`;

/** Returns the names of animations that repeat or move for a visible time. */
const MOVING = `document.getAnimations()
  .filter(({ effect }) => !(effect.getComputedTiming().activeDuration < 100))
  .map(({ animationName }) => animationName)`;

/** Returns the names of all components that other files can import. */
function componentNames(): string[] {
  const directory = join(root, 'page/components');
  return readdirSync(directory)
    .filter((file) => file.endsWith('.tsx'))
    .flatMap((file) => [
      ...readFileSync(join(directory, file), 'utf8').matchAll(/^export function ([A-Z]\w*)/gm),
    ])
    .map(([, name = '']) => name);
}

void t.test('shows every component, accessible in each theme and at each width', async (t) => {
  const browser = await startBrowser(t);
  if (browser === undefined) return;
  const box = new Sandbox(t);
  await useDevelopmentPage(box);
  const { page } = await openPage(box, browser);
  await page.evaluate(axe.source);
  const inspect = async (what: string): Promise<void> => {
    for (const width of [390, 1024, 1920])
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: 800 });
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        t.same(await violationsOn(page), [], `${what} ${colorScheme} ${String(width)}`);
        t.ok((await page.evaluate<number>(OVERFLOW)) <= 0, `${what} fits into ${String(width)} px`);
      }
  };
  // The screen has samples of placeholders, for which `goTo` would wait.
  await page.evaluate("location.hash = '#/design'");
  await page.getByRole('heading', { name: 'Design', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Toast', exact: true }).click();
  await page.getByText('Added DB_PASSWORD').waitFor();
  const rendered = new Set(await page.evaluate<string[]>(RENDERED));
  await inspect('the screen');
  for (const kind of ['small', 'large', 'panel', 'form', 'shown once']) {
    await page.getByRole('button', { name: `Dialog, ${kind}` }).click();
    await page.getByRole('dialog').waitFor();
    for (const name of await page.evaluate<string[]>(RENDERED)) rendered.add(name);
    await inspect(`the dialog, ${kind}`);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }
  t.same(await page.evaluate(MOVING), [], 'nothing moves for a reader who wants reduced motion');
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  t.ok((await page.evaluate<string[]>(MOVING)).includes('pulse'), 'otherwise busy buttons do');
  const expected = componentNames();
  t.ok(expected.length > 20, `${String(expected.length)} components`);
  t.same(
    expected.filter((name) => !rendered.has(name)),
    [],
    'every component is on the screen',
  );
  t.same(browser.messages, [], 'no error, no violation of the policy');
});
