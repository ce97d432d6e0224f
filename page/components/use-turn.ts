import { useLayoutEffect, useState } from 'preact/hooks';

/** What waits for a frame, the oldest first. */
const waiting = new Set<() => void>();
let frame = 0;

/**
 * Returns false until it is the turn of this component, one component per frame after it is ready. Showing many parts at once,
 * for example all rows of a window after a jump, would take longer than a frame.
 */
export function useTurn(isReady: boolean): boolean {
  const [hasTurn, setTurn] = useState(false);
  useLayoutEffect(() => {
    if (!isReady || hasTurn) return;
    const take = (): void => {
      setTurn(true);
    };
    waiting.add(take);
    frame ||= requestAnimationFrame(next);
    return () => {
      waiting.delete(take);
    };
  }, [isReady, hasTurn]);
  return hasTurn;
}

function next(): void {
  const [first] = waiting;
  frame = 0;
  if (first === undefined) return;
  waiting.delete(first);
  if (waiting.size > 0) frame = requestAnimationFrame(next);
  first();
}
