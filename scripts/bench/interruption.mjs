// Lets a measurement clean up after SIGINT and SIGTERM. A measurement waits for programs synchronously, so it receives a signal only
// between them.
import { setImmediate } from 'node:timers/promises';

/** Calls a function with one that throws after a signal, to be called between two programs. */
export async function untilInterrupted(measure) {
  let received;
  const note = (signal) => (received = signal);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, note);
  try {
    return await measure(async () => {
      await setImmediate();
      if (received !== undefined) throw new Error(`Interrupted by ${received}.`);
    });
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, note);
  }
}
