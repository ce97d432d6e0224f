import { UnansweredRequests } from '../../aws/unanswered-requests.ts';
import type { Clock } from '../../system/time/clock.ts';
import type { Finding, LeaseLocation } from '../store.ts';
import { Observations } from './observations.ts';
import type { AwsWaits } from './waits.ts';

type Place = Pick<LeaseLocation, 'target' | 'sentAt'>;

/**
 * Judges what a not-found answer proves about a secret, from what this process has observed and from create requests that AWS
 * has not answered and may still carry out.
 */
export class SecretAbsence {
  readonly #clock: Clock;
  readonly #apart: number;
  readonly #observations: Observations;
  readonly #late: UnansweredRequests;

  constructor(clock: Clock, waits: AwsWaits) {
    this.#clock = clock;
    this.#apart = waits.apart;
    this.#observations = new Observations(clock);
    this.#late = new UnansweredRequests(clock, waits.late);
  }

  /** Notes the send time of a request that AWS has not answered, if there is one. */
  noteRequest(place: Place): void {
    this.#late.note(place);
  }

  noteAnswer(target: string, isPresent: boolean): void {
    this.#observations.record(target, isPresent);
  }

  /** Returns whether this process has seen the secret. */
  wasPresent(target: string): boolean {
    return this.#observations.of(target).present;
  }

  /** Judges a secret that was just not found. */
  judge({ target, sentAt }: Place): Finding {
    const now = this.#clock.monotonic();
    const { present, absentSince = now } = this.#observations.of(target);
    const finding = (state: Finding['state'], evidence: string): Finding => ({
      state,
      evidence: `${target}: ${evidence}`,
    });
    if (present && sentAt === null) {
      this.#forget({ target, sentAt });
      return finding('absent', 'deleted, then not found twice (DescribeSecret)');
    }
    const waiting = this.#late.waiting({ target, sentAt });
    if (waiting !== undefined) return finding('present', `not found, but ${waiting}`);
    const since = Math.max(absentSince, this.#late.until({ target, sentAt }));
    if (now - since < this.#apart)
      return finding('present', `not found; nf-escrow checks again after ${String(this.#apart / 1000)} s`);
    this.#forget({ target, sentAt });
    return finding(
      'absent',
      `deleted, then not found twice within ${String(Math.round((now - since) / 1000))} s (DescribeSecret)`,
    );
  }

  #forget(place: Place): void {
    this.#observations.forget(place.target);
    this.#late.forget(place);
  }
}
