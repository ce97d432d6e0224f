import { isReturn } from './router.ts';

/** Time in which the data of a screen arrives to which the person returns. */
const RESTORE_MS = 1500;

/** How far each place was scrolled, by its address. */
const positions = new Map<string, number>();

/** Remembers how far each place is scrolled, in place of the browser, which does so before a screen has its data. */
export function startScrollPositions(): void {
  history.scrollRestoration = 'manual';
  addEventListener('scroll', () => positions.set(location.hash, scrollY), { passive: true });
}

/** Scrolls a new screen to its top, or to where it was when the person returns to it. */
export function placeScreen(): void {
  const y = isReturn() ? (positions.get(location.hash) ?? 0) : 0;
  const deadline = performance.now() + RESTORE_MS;
  const address = location.hash;
  const attempt = (): void => {
    scrollTo(0, y);
    const isDone = Math.abs(scrollY - y) < 2 || performance.now() > deadline || location.hash !== address;
    if (!isDone) requestAnimationFrame(attempt);
  };
  attempt();
}
