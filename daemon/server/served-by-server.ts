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
  | 'faults'
  | 'eventNumbers'
  | 'stop'
  | 'touched'
  | 'noteNames'
  | 'limits'
  | 'deliveries'
  | 'signIn'
  | 'describe'
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
 * Returns the parts that the operations of a server receive. Operations are shared with the daemon, which has more parts.
 * Reading a part that a server does not have throws, so that the test that calls all operations detects an operation that needs
 * it.
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
