import { useEffect } from 'preact/hooks';
import { access } from '../access/session.ts';

/**
 * Does some work again and again while the component is shown, the tab is visible and the daemon answers: `intervalMs` after its
 * last end, and at once when the person returns to the tab. The work must not reject.
 */
export function useRepeated(work: () => Promise<void>, intervalMs: number, isWanted: boolean): void {
  const isActive = isWanted && access.value === 'open';
  useEffect(() => {
    if (!isActive) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isWorking = false;
    let isStopped = false;
    const wait = (): void => {
      if (!isStopped && !document.hidden) timer = setTimeout(() => void start(), intervalMs);
    };
    const start = async (): Promise<void> => {
      clearTimeout(timer);
      isWorking = true;
      await work();
      isWorking = false;
      wait();
    };
    const look = (): void => {
      if (document.hidden) clearTimeout(timer);
      else if (!isWorking) void start();
    };
    wait();
    document.addEventListener('visibilitychange', look);
    return () => {
      isStopped = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [isActive]);
}
