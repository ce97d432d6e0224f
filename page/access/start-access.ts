import type { Session } from '../../daemon/contract/types.ts';
import { pause, retryDelay } from '../api/pause.ts';
import { url } from '../api/url.ts';
import { go } from '../app/router.ts';
import { channel, onMessage } from './channel.ts';
import { proveServer, type Challenge } from './prove-server.ts';
import { access, currentSession, forgetSession, keepSession, type Access } from './session.ts';
import { answerNewTabs, askOtherTabs } from './share-session.ts';

/** Time in which the daemon exchanges a code. */
const ANSWER_MS = 10_000;

const AFTER: Readonly<Record<Challenge, Access>> = {
  proven: 'open',
  untrusted: 'untrusted',
  'unknown-session': 'signed-out',
  unreachable: 'unreachable',
};

/** Gets access to the API by the code in the address, the session of this tab, or the session of another tab. */
export async function startAccess(): Promise<void> {
  answerNewTabs();
  onMessage('signed-out', () => {
    leave();
  });
  const code = takeCode();
  if (typeof crypto.subtle !== 'object') access.value = 'unsupported';
  else if (code === undefined) await resume();
  else await signIn(code);
}

/** Ends the session in all tabs. */
export function leave({ tellOthers = false } = {}): void {
  forgetSession();
  access.value = 'signed-out';
  if (tellOthers) channel.postMessage({ type: 'signed-out' });
}

/** Checks whether the daemon of the session still answers, as after another tab has lost its connection. */
export async function checkAccess(): Promise<void> {
  const session = currentSession();
  if (session === undefined || access.peek() !== 'open') return;
  const result = await proveServer(session);
  if (result !== 'proven') lose(result);
}

/** Records that a request did not reach the daemon, and waits until the daemon answers. */
export function lose(found: Exclude<Challenge, 'proven'>): void {
  const next = AFTER[found];
  const isWaiting = access.value === 'unreachable' || access.value === 'untrusted';
  if (next === 'signed-out') forgetSession();
  access.value = next;
  if (!isWaiting && next !== 'signed-out') void waitForDaemon();
}

/** Removes the code from the address and from the history, so that neither a bookmark nor a shared screen contains it. */
function takeCode(): string | undefined {
  const code = /^#code=([\w-]{1,100})$/.exec(location.hash)?.[1];
  if (code !== undefined) go('#/', { replace: true });
  return code;
}

/** Exchanges the code for a session. While the daemon does not answer, retries: an SSH forward may be interrupted. */
async function signIn(code: string): Promise<void> {
  forgetSession();
  for (let attempt = 0; ; attempt += 1) {
    access.value = await exchange(code);
    if (access.value !== 'unreachable') return;
    await pause(retryDelay(attempt));
  }
}

async function exchange(code: string): Promise<Access> {
  try {
    const response = await fetch(url('v1/sessions'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (response.status === 429 || response.status >= 500) return 'unreachable';
    if (!response.ok) return 'code-invalid';
    keepSession((await response.json()) as Session);
    return 'open';
  } catch (error) {
    return error instanceof SyntaxError ? 'untrusted' : 'unreachable';
  }
}

async function resume(): Promise<void> {
  const session = currentSession() ?? (await askOtherTabs());
  if (session === undefined) {
    access.value = 'signed-out';
    return;
  }
  keepSession(session);
  const result = await proveServer(session);
  if (result === 'proven') access.value = 'open';
  else lose(result);
}

async function waitForDaemon(): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    await pause(retryDelay(attempt));
    const session = currentSession();
    if (session === undefined) return;
    const result = await proveServer(session);
    if (result === 'unknown-session') forgetSession();
    access.value = AFTER[result];
    if (result === 'proven' || result === 'unknown-session') return;
  }
}
