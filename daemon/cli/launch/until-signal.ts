import { isIgnored } from '../../system/processes/ignored-signals.ts';

/** Signals by which a person or a scheduler ends a command. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
/** Signals by which a scheduler warns the head. The head has ended, so they are ignored. */
const WARNING = ['SIGUSR1', 'SIGUSR2'] as const;

/**
 * Keeps a handler of each ending signal for the rest of this process. While other handlers are exchanged, there would be a
 * moment without any, in which a signal has its default effect and ends this process.
 */
export function keepHandlingSignals(): void {
  for (const name of ENDING.filter((one) => !isIgnored(one))) process.on(name, () => undefined);
}

/**
 * Waits for work that finishes without this process, until a signal arrives. Returns the result, or undefined after a signal.
 * The caller must then exit, because the work continues. Signals that the caller ignores do not end the wait.
 */
export async function untilSignal<T>(work: Promise<T>): Promise<{ readonly result: T } | undefined> {
  let interrupt = (): void => undefined;
  const interrupted = new Promise<undefined>((resolve) => (interrupt = () => resolve(undefined)));
  const ignore = (): void => undefined;
  const ending = ENDING.filter((name) => !isIgnored(name));
  for (const name of ending) process.on(name, interrupt);
  for (const name of WARNING) process.on(name, ignore);
  try {
    return await Promise.race([work.then((result) => ({ result })), interrupted]);
  } finally {
    for (const name of ending) process.off(name, interrupt);
    for (const name of WARNING) process.off(name, ignore);
  }
}
