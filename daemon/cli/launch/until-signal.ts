import { isIgnored } from '../../system/processes/ignored-signals.ts';
import { ENDING, FORWARDED } from './forwarded-signals.ts';

/**
 * Keeps a handler of each forwarded signal for the rest of this process. While other handlers are exchanged, there would be a
 * moment without any, in which a signal has its default effect and ends this process. After the head has ended, nothing else
 * handles the signals by which a scheduler warns it.
 */
export function keepHandlingSignals(): void {
  for (const name of FORWARDED.filter((one) => !isIgnored(one))) process.on(name, () => undefined);
}

/**
 * Waits for work that finishes without this process, until a signal arrives. Returns the result, or undefined after a signal.
 * The caller must then exit, because the work continues. Signals that the caller ignores do not end the wait.
 */
export async function untilSignal<T>(work: Promise<T>): Promise<{ readonly result: T } | undefined> {
  let interrupt = (): void => undefined;
  const interrupted = new Promise<undefined>((resolve) => (interrupt = () => resolve(undefined)));
  const ending = ENDING.filter((name) => !isIgnored(name));
  for (const name of ending) process.on(name, interrupt);
  try {
    return await Promise.race([work.then((result) => ({ result })), interrupted]);
  } finally {
    for (const name of ending) process.off(name, interrupt);
  }
}
