import { UNANSWERED_MS } from '../../aws/unanswered-requests.ts';

/** Time limits and waits on AWS, in milliseconds. */
export interface AwsWaits {
  /** Creation of a secret, with retries. */
  readonly placing: number;
  /** A query or a deletion, with retries. */
  readonly asking: number;
  /** Time after which an unanswered create request can no longer be carried out. */
  readonly late: number;
  /** Time between two not-found answers if this process never saw the object. */
  readonly apart: number;
  /** Time between two not-found answers if this process saw the object and then deleted it. */
  readonly settling: number;
  /** How long to wait for a deletion in the background before the object is reported as present. */
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
