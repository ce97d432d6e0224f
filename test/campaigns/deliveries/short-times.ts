import type { DeliveryTimes } from '../../../daemon/server/compose-deliveries.ts';

/** Seconds of a claim, and of a creation, on a replica of a campaign. */
export const CLAIM_SECONDS = 6;
/** How long AWS accepts a signature in a campaign. */
export const SIGNATURE_MS = 8000;
/** AWS carries out a request at most this time after it has arrived. */
export const HELD_MAX_MS = 8000;
/** How long a replica may carry out a request that it has not answered: it is paused for less. */
export const REQUEST_LATE_MS = 30_000;
/** Seconds after which what a lost daemon has left expires. */
const LEASE_SECONDS = 30;

/**
 * The times of the product, about ten times as short. As in the product, a create request that AWS has not answered is waited for longer than its
 * signature is valid and AWS can hold it.
 */
export const shortTimes: DeliveryTimes = {
  waits: { placing: 8000, asking: 4000, late: 20_000, apart: 2000, settling: 200, deleting: 5000 },
  lease: { lease: LEASE_SECONDS, extension: 10, renewal: 10, creation: CLAIM_SECONDS },
  roundMs: 500,
  claimSeconds: CLAIM_SECONDS,
};
