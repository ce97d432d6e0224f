import { setTimeout as sleep } from 'node:timers/promises';
import type { DaemonStatus, Health } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { liveness } from '../system/processes/process-identity.ts';
import type { Client } from '../api-client/client.ts';

const STOP_MS = 10_000;
const LOOK_EVERY_MS = 20;

/**
 * Asks the daemon to end, and returns when its process has: then its ledger and its lock are free, and what is copied or
 * started next meets nobody. Throws `daemon-unavailable` when that takes too long.
 */
export async function stopDaemon(client: Client): Promise<void> {
  const { process } = await client.call<DaemonStatus>('POST', '/v1/daemon/stop');
  const deadline = Date.now() + STOP_MS;
  while (Date.now() < deadline) {
    const seen = liveness(process);
    if (seen === 'ended' || (seen === 'unknown' && !(await answers(client)))) return;
    await sleep(LOOK_EVERY_MS);
  }
  throw new EscrowError('daemon-unavailable', 'The daemon was asked to end, and still runs.');
}

async function answers(client: Client): Promise<boolean> {
  try {
    await client.call<Health>('GET', '/v1/health');
    return true;
  } catch {
    return false; // it has closed its socket
  }
}
