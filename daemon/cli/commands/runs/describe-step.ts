import type { JournalEvent } from '../../../contract/types.ts';
import { count } from '../../../system/count.ts';

type Data = Readonly<Record<string, unknown>>;

/** How each type of event is described. Older ledgers and newer daemons may have other types. */
const STEPS: Readonly<Record<string, (data: Data, by: string | null) => string>> = {
  'run.created': ({ secrets }) => `Planned the run with ${count(lengthOf(secrets), 'secret')}`,
  'run.examined': ({ writableByOthers }) =>
    lengthOf(writableByOthers) === 0
      ? 'Checked the files that the run executes: only you and root can change them'
      : `Checked the files that the run executes: others can change ${String(lengthOf(writableByOthers))} of them`,
  'run.materialized': () => 'Delivered everything; Nextflow can start',
  'run.submitting': ({ executor }) => `Submitting Nextflow as a job${after(' of ', executor)}`,
  'run.head-job': ({ executor, id }) => `Nextflow is ${text(executor)} job ${text(id)}`,
  'run.running': () => 'Nextflow started',
  'run.cancel-requested': (_data, by) => `Cancellation requested${after(' by ', by)}`,
  'run.records-dropped': ({ what }) => `Too many records: nf-escrow no longer records ${text(what)}`,
  'run.ended': ({ outcome, evidence }) => `Nextflow ended: ${text(outcome)}${within(evidence)}`,
  'run.jobs-orphaned': ({ jobs }) => `${count(lengthOf(jobs), 'job')} of tasks may still run`,
  'run.orphaned-jobs-cancelled': ({ jobs }) =>
    `Requested the cancellation of ${count(lengthOf(jobs), 'orphaned job')}`,
  'run.orphaned-job-kept': ({ job, reason }) => `Did not cancel job ${text(job)}: ${text(reason)}`,
  'run.purged': () => 'The run is complete: no removal is pending',
  'lease.placed': ({ target }) => `Created ${text(target)}`,
  'lease.removing': ({ target }) => `Removing ${text(target)}`,
  'lease.removal-failed': ({ target, reason }) =>
    `Could not remove ${text(target)}, will retry: ${text(reason)}`,
  'lease.gone': ({ target }) => `Removed ${text(target)}, and verified that it no longer exists`,
  'lease.unverified': ({ target }) =>
    `Removed ${text(target)}, but could not verify it: see the receipt of the run`,
  'lease.reappeared-removed': ({ target }) => `Removed ${text(target)}, which had reappeared`,
};

/** Returns an event of a run as a sentence for its user. An event of an unknown type is its type. */
export function describeStep({ type, data, by }: JournalEvent): string {
  const describe = Object.hasOwn(STEPS, type) ? STEPS[type] : undefined;
  return describe?.(data, by) ?? type;
}

function text(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : '?';
}

function after(words: string, value: unknown): string {
  return typeof value === 'string' && value !== '' ? `${words}${value}` : '';
}

function within(value: unknown): string {
  return typeof value === 'string' && value !== '' ? ` (${value})` : '';
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}
