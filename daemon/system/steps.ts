/**
 * All steps by which the engine changes or inspects something outside its own process, in the order of a run. A process
 * can die, and a step can fail, before and after each of them. test/campaigns/faults tests every such point and asserts
 * that the engine makes no external call outside a step.
 */
export const steps = [
  'secrets.release',
  'release.request',
  'release.record',
  'secrets.keep',
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
  'held.ask',
  'report.queue',
  'report.send',
  'report.record',
] as const;

/**
 * The steps of a team server: each change that a replica commits, and each response to a request that changes something. Shared
 * work of replicas is claimed in separate steps, and a rekey changes the key file in separate steps.
 */
export const serverSteps = [
  'request.change',
  'release.commit',
  'release.record-use',
  'release.encrypt',
  'report.apply',
  'delivery.commit',
  'delivery.prepare',
  'delivery.intend',
  'delivery.note-sent',
  'delivery.place',
  'delivery.record-placed',
  'delivery.complete',
  'delivery.fail',
  'delivery.end',
  'delivery.renew',
  'delivery.find-jobs',
  'delivery.record-due',
  'delivery.record-removing',
  'delivery.remove',
  'delivery.inspect',
  'delivery.record-gone',
  'delivery.record-failed',
  'delivery.deregister',
  'delivery.record-removed',
  'availability.note',
  'deliveries.sweep',
  'deliveries.record-swept',
  'request.answer',
  'work.claim',
  'releases.unpin',
  'releases.delete',
  'releases.forget-counts',
  'work.finish',
  'rekey.add-key',
  'rekey.activate',
  'rekey.encrypt',
  'rekey.remove-key',
] as const;

export type StepName = (typeof steps)[number] | (typeof serverSteps)[number];

/** A point at which tests interrupt the engine. */
export type FaultPoint = `${'before' | 'after'} ${StepName}`;

/** Called at each point. An error that it throws fails the step. It may also never return. */
export type FaultInjector = (point: FaultPoint) => Promise<void>;

/** Injects no faults: used outside tests. */
export const noFaults: FaultInjector = () => Promise.resolve();

/** Performs one step and returns its result. A fault after the step models a lost reply: the step took effect. */
export async function step<T>(faults: FaultInjector, name: StepName, work: () => T | Promise<T>): Promise<T> {
  await faults(`before ${name}`);
  const result = await work();
  await faults(`after ${name}`);
  return result;
}
