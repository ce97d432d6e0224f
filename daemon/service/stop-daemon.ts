import { setTimeout as sleep } from 'node:timers/promises';
import type { DaemonStatus, Health } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { liveness } from '../system/processes/process-identity.ts';
import type { Client } from '../api-client/client.ts';

const STOP_MS = 10_000;
const LOOK_EVERY_MS = 20;

/**
 * Stops the daemon and returns when its process has ended, so that its ledger and its lock are free. Throws
 * `daemon-unavailable` when that takes too long.
 */
export async function stopDaemon(client: Client): Promise<void> {
  const { process } = await client.call<DaemonStatus>('POST', '/v1/daemon/stop');
  const deadline = Date.now() + STOP_MS;
  while (Date.now() < deadline) {
    const seen = liveness(process);
    if (seen === 'ended' || (seen === 'unknown' && !(await answers(client)))) return;
    await sleep(LOOK_EVERY_MS);
  }
  throw new EscrowError('daemon-unavailable', `The daemon did not stop within ${String(STOP_MS / 1000)} s.`);
}

async function answers(client: Client): Promise<boolean> {
  try {
    await client.call<Health>('GET', '/v1/health');
    return true;
  } catch {
    return false; // the daemon has closed its socket
  }
}
