import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

/** Pixels above and below the window in which rows exist, so that scrolling and Tab find them. */
const MARGIN = 400;

/** The blocks of a long list that are near the window. */
interface VisibleBlocks {
  readonly first: number;
  readonly last: number;
  /** Whether the person scrolls so fast that these blocks may be left at once. */
  readonly isJump: boolean;
}

/** Returns which of `count` blocks of the same height in an element are near the window, as the page scrolls. */
export function useVisibleBlocks(
  element: RefObject<HTMLElement>,
  count: number,
  height: number,
): VisibleBlocks {
  const [visible, setVisible] = useState<VisibleBlocks>({ first: 0, last: 0, isJump: false });
  useLayoutEffect(() => {
    let frame = 0;
    const look = (): void => {
      frame = 0;
      if (element.current === null) return;
      const { top } = element.current.getBoundingClientRect();
      const blockAt = (y: number): number => Math.max(0, Math.min(count - 1, Math.floor((y - top) / height)));
      const [first, last] = [blockAt(-MARGIN), blockAt(innerHeight + MARGIN)];
      setVisible((before) => {
        if (before.first === first && before.last === last) return before;
        return { first, last, isJump: first > before.last || last < before.first };
      });
    };
    const queue = (): void => {
      frame ||= requestAnimationFrame(look);
    };
    look();
    addEventListener('scroll', queue, { passive: true });
    addEventListener('resize', queue);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', queue);
      removeEventListener('resize', queue);
    };
  }, [count, height]);
  return visible;
}
