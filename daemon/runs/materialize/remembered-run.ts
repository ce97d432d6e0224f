import type { Plan, RunRequest, RunStart } from '../../contract/types.ts';

type Start = NonNullable<RunStart['start']>;

/** What a repeated request for a run needs. */
export interface RememberedRun {
  readonly run: string;
  readonly plan: Plan;
  /** Without the arguments of the request, which can contain a secret value. The repeated request has them. */
  readonly start: Start;
}

/** Returns what to record for a repeated request. `start.arguments` ends with the arguments of the request. */
export function rememberRun(run: string, plan: Plan, start: Start, request: RunRequest): RememberedRun {
  const own = start.arguments.length - request.arguments.length;
  return { run, plan, start: { ...start, arguments: start.arguments.slice(0, own) } };
}

/** Returns how to start the run, like the first response. */
export function startOfRemembered({ start }: RememberedRun, request: RunRequest): Start {
  return { ...start, arguments: [...start.arguments, ...request.arguments] };
}
