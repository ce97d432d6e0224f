/**
 * Every step by which the engine changes something outside its own process, or has to know what is there, in the order
 * of a run. A process can die, and a step can fail, before each and after each: test/campaigns/faults goes through them all, and
 * holds that no outward call is made outside of one.
 */
export const steps = [
  'run.record',
  'lease.place',
  'lease.note-sent',
  'switch.create',
  'object.create',
  'directory.make',
  'directory.write',
  'directory.write-secret',
  'directory.arm',
  'directory.sync',
  'lease.record-placed',
  'directory.mark',
  'run.record-materialized',
  'job.write',
  'job.intend',
  'job.submit',
  'job.record',
  'job.cancel',
  'fence.revoke',
  'run.record-running',
  'head.record',
  'head.end',
  'records.write',
  'lease.record-renewed',
  'lease.renew',
  'run.record-cancel',
  'run.record-aborted',
  'run.record-ended',
  'orphans.cancel',
  'orphans.record',
  'lease.record-removing',
  'lease.remove',
  'object.describe',
  'object.delete',
  'switch.find',
  'switch.delete',
  'definitions.find',
  'definitions.deregister',
  'remove.erase',
  'lease.record-erased',
  'remove.truncate',
  'remove.unlink',
  'remove.rmdir',
  'lease.inspect',
  'lease.record-failed',
  'lease.record-gone',
  'run.record-purged',
  'returned.remove',
  'returned.record',
  'prune.output',
  'prune.record',
] as const;

export type StepName = (typeof steps)[number];

/** A place at which tests interrupt the engine. */
export type FaultPoint = `${'before' | 'after'} ${StepName}`;

/** Called at each point. What it throws, the step throws; it may also not return. */
export type FaultInjector = (point: FaultPoint) => Promise<void>;

/** The product's own. */
export const noFaults: FaultInjector = () => Promise.resolve();

/** Does one step, and gives what it gives. Failing after a step is as a reply that was lost: it was carried out. */
export async function step<T>(faults: FaultInjector, name: StepName, work: () => T | Promise<T>): Promise<T> {
  await faults(`before ${name}`);
  const result = await work();
  await faults(`after ${name}`);
  return result;
}
