/** Named steps between an intent and its end, in the order of a run. Tests interrupt, kill and fail at each. */
export const faultPoints = [
  'materialize.before-intent',
  'materialize.after-intent',
  'materialize.after-place',
  'materialize.after-record',
  'materialize.after-materialized',
  'submit.after-intent',
  'submit.after-submit',
  'watch.before-running',
  'watch.after-running',
  'watch.before-revoke',
  'watch.after-revoke',
  'watch.before-ended',
  'watch.after-ended',
  'purge.before-intent',
  'purge.after-intent',
  'purge.after-remove',
  'purge.after-check',
  'purge.after-gone',
  'purge.before-purged',
  'purge.after-purged',
] as const;

export type FaultPoint = (typeof faultPoints)[number];

/** Called at each point. What it throws, the step throws; it may also not return. */
export type Faults = (point: FaultPoint) => Promise<void>;

/** The product's own. */
export const noFaults: Faults = () => Promise.resolve();
