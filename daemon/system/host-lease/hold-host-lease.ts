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

/** So often within its lease a holder shows that it lives. */
const BEATS = 6;

/**
 * Throws `daemon-on-other-host` when another host has the daemon: one that lives, or one that shows no sign of it, unless
 * that is to be taken over. Of two that ask at once both may pass: then the ledger's epoch decides.
 */
export function assertNoOtherHost(path: string, leaseSeconds: number, takeOver: boolean): void {
  const lease = readHostLease(path);
  // One of this host: we have the lock that makes one daemon a host, so its daemon is gone.
  if (lease === undefined || lease.holder.host === hostname()) return;
  const { host } = lease.holder;
  if (secondsSinceHeartbeat(path) < leaseSeconds)
    throw new EscrowError('daemon-on-other-host', `The daemon runs on ${host}.`, {
      hint: `Commands reach it from here. To move it: nf-escrow daemon stop, then start it here.`,
    });
  if (takeOver) return;
  throw new EscrowError('daemon-on-other-host', `The daemon is on ${host}, and shows no sign of life.`);
}

/**
 * Holds the lease of this host for a daemon's epoch. Calls `onLost` when another daemon has written its own there.
 * Returns what gives the lease back.
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
        return; // the file server is away, or the disk full: the next beat tries again
      }
    },
    (leaseSeconds * 1000) / BEATS,
  );
  return () => {
    clearInterval(timer);
    removeHostLease(path, epoch);
  };
}
