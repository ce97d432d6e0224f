import { signal } from '@preact/signals';

const FIRST_MS = 500;
const LONGEST_MS = 5000;

/** Returns the time before a retry. It doubles with each attempt, with jitter, so that tabs do not retry together. */
export function retryDelay(attempt: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return longest * (0.5 + Math.random() / 2);
}

/** What ends each pause. */
const pauses = signal<readonly (() => void)[]>([]);

/** Whether something waits before a retry. */
export function isPaused(): boolean {
  return pauses.value.length > 0;
}

/** Retries now. */
export function endPauses(): void {
  for (const end of pauses.peek()) end();
}

/** Waits. The wait ends early when the person asks for it or returns to the tab, or when the network returns. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      pauses.value = pauses.peek().filter((one) => one !== finish);
      clearTimeout(timer);
      removeEventListener('online', finish);
      document.removeEventListener('visibilitychange', wake);
      resolve();
    };
    const wake = (): void => {
      if (document.visibilityState === 'visible') finish();
    };
    const timer = setTimeout(finish, ms);
    pauses.value = [...pauses.peek(), finish];
    addEventListener('online', finish);
    document.addEventListener('visibilitychange', wake);
  });
}
