import { hostname } from 'node:os';
import type { Settings } from '../config/settings.ts';
import { EscrowError } from '../errors.ts';
import { readHostLease, secondsSinceHeartbeat } from '../system/host-lease/host-lease.ts';

/** The host that has the daemon, where it is not this one; `lives`: it showed so within its lease. */
export interface RemoteDaemon {
  readonly host: string;
  readonly lives: boolean;
}

/** Undefined: no other host has it. */
export function findRemoteDaemon({ paths, hostLeaseSeconds }: Settings): RemoteDaemon | undefined {
  const lease = readHostLease(paths.hostLease);
  if (lease === undefined || lease.holder.host === hostname()) return undefined;
  return { host: lease.holder.host, lives: secondsSinceHeartbeat(paths.hostLease) < hostLeaseSeconds };
}

/** No daemon answers, and the one that was, was on another host: whoever is there may have runs that it knows of. */
export function remoteDaemonUnreachable({ host }: RemoteDaemon, mayTakeOver: boolean): EscrowError {
  return new EscrowError('daemon-on-other-host', `The daemon is on ${host}, and shows no sign of life.`, {
    hint: mayTakeOver
      ? `Start it there: nf-escrow daemon start. If ${host} is gone for good: nf-escrow daemon takeover`
      : `Start it on ${host}: nf-escrow daemon start`,
  });
}
