import type { RunRequest, RunStart } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { randomKey } from '../../system/random-key.ts';
import type { Context } from '../context.ts';

const ATTEMPTS = 4;
/** Pause before the request is repeated. A killed daemon can accept connections for some milliseconds. */
const PAUSE_MS = 200;

/**
 * Requests a run. If the connection is lost before the response arrives, repeats the request with the same idempotency key: the
 * next daemon returns the run that the first request created, or creates it. There is never a second run. Throws
 * `state-conflict` if the daemon was killed before it had delivered the secrets, because such a run is aborted.
 */
export async function requestRun(context: Context, request: RunRequest): Promise<RunStart> {
  const answer = await askUntilAnswered(context, request);
  if (request.explain === true || answer.start !== undefined || answer.run === undefined) return answer;
  const { id, outcomeEvidence } = answer.run;
  throw new EscrowError('state-conflict', `Cannot start run ${id}: ${outcomeEvidence ?? 'it has ended'}.`, {
    hint: 'Its secrets were removed. Run the command again.',
  });
}

async function askUntilAnswered(context: Context, request: RunRequest): Promise<RunStart> {
  const headers = { 'idempotency-key': randomKey() };
  for (let attempt = 1; ; attempt += 1)
    try {
      return await (await context.daemon()).call<RunStart>('POST', '/v1/runs', request, headers);
    } catch (error) {
      if (attempt === ATTEMPTS || !isLostConnection(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
}

/** A daemon that cannot be started has the same code, and no cause. */
function isLostConnection(error: unknown): boolean {
  return error instanceof EscrowError && error.code === 'daemon-unavailable' && error.cause !== undefined;
}
