import { UNANSWERED_MS } from '../../aws/unanswered-requests.ts';

/** How long things take at most on AWS, in milliseconds. */
export interface AwsWaits {
  /** Creation of a secret, with retries. */
  readonly placing: number;
  /** A query or a deletion, with retries. */
  readonly asking: number;
  /** After this time, a create that was not answered can no longer arrive. */
  readonly late: number;
  /** Between two not-found answers, where this process never saw the object. */
  readonly apart: number;
  /** The same, where this process saw the object and then deleted it. */
  readonly settling: number;
  /** A deletion that continues in the background, before the object counts as present. */
  readonly deleting: number;
}

export const awsWaits: AwsWaits = {
  placing: 40_000,
  asking: 8000,
  late: UNANSWERED_MS,
  apart: 30_000,
  settling: 1000,
  deleting: 15_000,
};
