/** Signals by which a person or a scheduler ends a command. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
/** A scheduler warns by these; what was meant by it has ended. */
const WARNING = ['SIGUSR1', 'SIGUSR2'] as const;

/**
 * Waits for work that somebody else finishes all the same: a signal ends the waiting at once. Gives what the work gives, or
 * undefined, and that process has to exit then, as the work may go on. `ignoreHangup`: as under nohup.
 */
export async function untilSignal<T>(
  work: Promise<T>,
  ignoreHangup: boolean,
): Promise<{ readonly result: T } | undefined> {
  let interrupt = (): void => undefined;
  const interrupted = new Promise<undefined>((resolve) => (interrupt = () => resolve(undefined)));
  const ignore = (): void => undefined;
  const ending = ENDING.filter((name) => name !== 'SIGHUP' || !ignoreHangup);
  for (const name of ending) process.on(name, interrupt);
  for (const name of WARNING) process.on(name, ignore);
  try {
    return await Promise.race([work.then((result) => ({ result })), interrupted]);
  } finally {
    for (const name of ending) process.off(name, interrupt);
    for (const name of WARNING) process.off(name, ignore);
  }
}
