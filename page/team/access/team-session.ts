import { signal } from '@preact/signals';
import type { JournalEvent, Problem, SessionState } from '../../../daemon/contract/types.ts';
import { channel, onMessage } from '../../access/channel.ts';
import { access, type Access } from '../../access/session.ts';
import { pause, retryDelay } from '../../api/pause.ts';
import { url } from '../../api/url.ts';

/** Time in which the server answers. */
const ANSWER_MS = 10_000;
/** Where the page continues after the sign-in. The sign-in page reads it. */
const RETURN = 'nf-escrow.return';

/** The session of this browser. Its cookie is not visible to scripts. */
export const session = signal<SessionState | undefined>(undefined);

const NO_ANSWER: Problem = {
  type: 'urn:nf-escrow:error:server-unreachable',
  title: 'Server unreachable',
  status: 503,
  code: 'server-unreachable',
  detail: 'The server does not answer.',
  hint: 'Check the network connection. The page retries automatically.',
  retryable: true,
};

/** Reads who has signed in. Without a session, opens the sign-in page. */
export function startTeamAccess(): void {
  onMessage('signed-out', () => {
    openSignIn();
  });
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) location.reload(); // a copy from before the sign-out would show old data
  });
  void connect();
}

/** Ends the session of this browser, in all its tabs. `everywhere`: all sessions of the person. */
export function leaveTeam(): void {
  channel.postMessage({ type: 'signed-out' });
  sessionStorage.removeItem(RETURN);
  location.replace(url('sign-in'));
}

function openSignIn(): void {
  access.value = 'signed-out';
  sessionStorage.setItem(RETURN, location.hash);
  location.replace(url('sign-in'));
}

let connecting: Promise<void> | undefined;

/** Reads the session until the server answers. */
function connect(): Promise<void> {
  connecting ??= (async (): Promise<void> => {
    for (let attempt = 0; ; attempt += 1) {
      const found = await readSession();
      access.value = found;
      if (found !== 'unreachable') return;
      await pause(retryDelay(attempt));
    }
  })().finally(() => {
    connecting = undefined;
  });
  return connecting;
}

async function readSession(): Promise<Access> {
  try {
    const response = await fetch(url('v1/session'), { signal: AbortSignal.timeout(ANSWER_MS) });
    if (!response.ok) return 'unreachable';
    const found = (await response.json()) as SessionState;
    if (found.user === null) {
      openSignIn();
      return 'signed-out';
    }
    const before = session.peek();
    // What this tab shows belongs to the other person.
    if (before !== undefined && before.user !== found.user) location.reload();
    session.value = found;
    return 'open';
  } catch {
    return 'unreachable';
  }
}

function lose(reason: 'unreachable' | 'unknown-session'): void {
  // The token of requests changes with the session, for example after a sign-in in another tab.
  if (reason === 'unreachable') access.value = 'unreachable';
  void connect();
}

/** Resources that change with the events of each kind. */
const CHANGED: Readonly<Record<string, readonly string[]>> = {
  secret: ['secrets/', 'workspaces', 'releases'],
  release: ['releases', 'secrets/'],
  workspace: ['workspaces', 'organizations', 'members/'],
  organization: ['organizations', 'workspaces', 'members/', 'identity'],
  'service-account': ['organizations', 'members/'],
  'compute-environment': ['compute-envs/'],
  token: ['tokens'],
  session: ['sessions'],
  user: ['users', 'identity'],
  invitation: ['invitations', 'users'],
};

function changedBy({ type }: JournalEvent): readonly string[] {
  return CHANGED[type.split('.', 1)[0] ?? ''] ?? [];
}

/** How the page of a team server gets access: the browser sends the cookie, and changes need a token that only this page can read. */
export const teamConnection = {
  authorize: (method: string): Promise<Readonly<Record<string, string>> | undefined> => {
    const { csrfToken = null } = session.peek() ?? {};
    if (csrfToken === null) return Promise.resolve(undefined);
    const isSafe = method === 'GET' || method === 'HEAD';
    return Promise.resolve(isSafe ? {} : { 'x-csrf-token': csrfToken });
  },
  lose,
  check: async (): Promise<void> => {
    if (access.peek() === 'open') await connect();
  },
  noAnswer: NO_ANSWER,
  changedBy,
};
