import { hostname } from 'node:os';
import { EscrowError } from '../../errors.ts';
import {
  writeHeartbeat,
  readHostLease,
  removeHostLease,
  secondsSinceHeartbeat,
  writeHostLease,
} from './host-lease.ts';
import { identifySelf } from '../processes/process-identity.ts';

/** Heartbeats per lease duration. */
const BEATS = 6;

/**
 * Throws `daemon-on-other-host` when another host holds the lease. With `takeOver` it throws only while that host sends
 * heartbeats. Two daemons that check at the same time may both pass: then the ledger's epoch decides.
 */
export function assertNoOtherHost(path: string, leaseSeconds: number, takeOver: boolean): void {
  const lease = readHostLease(path);
  // A holder on this host has ended, because the caller holds the lock that allows one daemon per host.
  if (lease === undefined || lease.holder.host === hostname()) return;
  const { host } = lease.holder;
  if (secondsSinceHeartbeat(path) < leaseSeconds)
    throw new EscrowError('daemon-on-other-host', `The daemon runs on ${host}.`, {
      hint: `Commands on this host use that daemon. To move it, run "nf-escrow daemon stop", then run this command again.`,
    });
  if (takeOver) return;
  throw new EscrowError('daemon-on-other-host', `The daemon on ${host} sends no heartbeat.`);
}

/**
 * Holds the host lease for a daemon's epoch and sends heartbeats. Calls `onLost` when a later daemon has overwritten the
 * lease. Returns a function that releases it.
 */
export function holdHostLease(
  path: string,
  epoch: number,
  leaseSeconds: number,
  onLost: () => void,
): () => void {
  writeHostLease(path, { holder: identifySelf(), epoch });
  const timer = setInterval(
    () => {
      try {
        if ((readHostLease(path)?.epoch ?? epoch) > epoch) onLost();
        else writeHeartbeat(path);
      } catch {
        return; // the file server is unreachable or the disk is full: the next heartbeat retries
      }
    },
    (leaseSeconds * 1000) / BEATS,
  );
  return () => {
    clearInterval(timer);
    removeHostLease(path, epoch);
  };
}
