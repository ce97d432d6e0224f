/** The requests to stop the server: the first signal starts a graceful shutdown, the second ends it at once. */
export interface StopSignals {
  /** Resolves at the first signal. */
  readonly requested: Promise<void>;
  /** Aborted at the second signal. */
  readonly forced: AbortSignal;
  /** Restores the default handling of signals. */
  release(): void;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Listens for TERM and INT. `onReload` is called for HUP, which would otherwise end the process. */
export function listenForStopSignals(onReload: () => void): StopSignals {
  const force = new AbortController();
  let isRequested = false;
  let request = (): void => undefined;
  const requested = new Promise<void>((resolve) => (request = resolve));
  const stop = (): void => {
    if (isRequested) force.abort();
    isRequested = true;
    request();
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  process.on('SIGHUP', onReload);
  return {
    requested,
    forced: force.signal,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, stop);
      process.off('SIGHUP', onReload);
    },
  };
}
