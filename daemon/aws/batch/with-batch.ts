import type { BatchClient } from '@aws-sdk/client-batch';
import type { OpenSession } from '../session/session.ts';
import { withClient } from '../session/with-client.ts';

/** Runs `work` with a client of AWS Batch, as `withClient`. */
type WithBatch = <T>(
  locator: string | null,
  what: string,
  work: (batch: BatchClient) => Promise<T>,
) => Promise<T>;

/** Returns a function that runs work with clients of AWS Batch, with the identities that locators name. */
export function withBatch(openSession: OpenSession): WithBatch {
  return (locator, what, work) =>
    withClient({ openSession, service: (session) => session.batch() }, locator, what, work);
}
