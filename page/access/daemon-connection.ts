import type { JournalEvent, Problem } from '../../daemon/contract/types.ts';
import { proveServer } from './prove-server.ts';
import { currentSession } from './session.ts';
import { checkAccess, lose } from './start-access.ts';

const NO_ANSWER: Problem = {
  type: 'urn:nf-escrow:error:daemon-unavailable',
  title: 'Daemon unavailable',
  status: 503,
  code: 'daemon-unavailable',
  detail: 'The daemon does not answer.',
  hint: 'Run `nf-escrow daemon start`.',
  retryable: true,
};

/** Returns the token of the session, after the server has proven that it is the daemon. */
async function authorize(): Promise<Readonly<Record<string, string>> | undefined> {
  const session = currentSession();
  if (session === undefined) return undefined;
  const result = await proveServer(session);
  if (result === 'proven') return { authorization: `Bearer ${session.token}` };
  lose(result);
  return undefined;
}

function changedBy({ run, type }: JournalEvent): readonly string[] {
  return [
    ...(run === null ? [] : ['runs', `run/${run}`]),
    ...(/^(secret|run\.(created|materialized))/.test(type) ? ['secrets/', 'workspaces'] : []),
    ...(/^(run|lease)\./.test(type) ? ['warnings'] : []),
    ...(/^(workspace|organization)\./.test(type) ? ['workspaces'] : []),
  ];
}

/** How the page of a daemon gets access. */
export const daemonConnection = { authorize, lose, check: checkAccess, noAnswer: NO_ANSWER, changedBy };
