import { hostname } from 'node:os';
import type { Settings } from '../config/settings.ts';
import { EscrowError } from '../errors.ts';
import { readHostLease, secondsSinceHeartbeat } from '../system/host-lease/host-lease.ts';

/** The daemon of another host. `lives`: it has renewed its host lease in time. */
export interface RemoteDaemon {
  readonly host: string;
  readonly lives: boolean;
}

/** Returns the daemon on another host, or undefined if no other host holds the host lease. */
export function findRemoteDaemon({ paths, hostLeaseSeconds }: Settings): RemoteDaemon | undefined {
  const lease = readHostLease(paths.hostLease);
  if (lease === undefined || lease.holder.host === hostname()) return undefined;
  return { host: lease.holder.host, lives: secondsSinceHeartbeat(paths.hostLease) < hostLeaseSeconds };
}

/** Returns the error for a daemon on another host that does not renew its lease. That host may still have live runs. */
export function remoteDaemonUnreachable({ host }: RemoteDaemon, mayTakeOver: boolean): EscrowError {
  return new EscrowError('daemon-on-other-host', `The daemon on ${host} does not answer.`, {
    hint: mayTakeOver
      ? `Run \`nf-escrow daemon start\` on ${host}. If ${host} has failed permanently, run \`nf-escrow daemon takeover\` here.`
      : `Run \`nf-escrow daemon start\` on ${host}.`,
  });
}
