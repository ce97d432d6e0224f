import type { Served } from '../api/served.ts';

/** The parts of the program that a server has. */
export type ServerParts = Pick<
  Served,
  | 'version'
  | 'ledger'
  | 'vault'
  | 'events'
  | 'identify'
  | 'requests'
  | 'log'
  | 'redact'
  | 'readiness'
  | 'recorder'
  | 'stop'
  | 'touched'
>;

const OF_DAEMON = [
  'runs',
  'launches',
  'platformRules',
  'platformChecks',
  'examiner',
  'status',
  'tcp',
  'pageSocket',
  'redirect',
  'sessions',
] as const satisfies readonly Exclude<keyof Served, keyof ServerParts>[];

/**
 * Returns what the operations of a server are called with. Operations are shared with the daemon, which has more parts. Reading one of
 * these throws, so that an operation that needs one is noticed by the test that calls all operations.
 */
export function servedByServer(parts: ServerParts): Served {
  const served: object = { ...parts, needsToken: true };
  for (const name of OF_DAEMON)
    Object.defineProperty(served, name, {
      enumerable: false,
      get: () => {
        throw new Error(`a server has no ${name}`);
      },
    });
  return served as Served;
}
