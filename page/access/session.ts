import { signal } from '@preact/signals';
import type { Session } from '../../daemon/contract/types.ts';

/**
 * Whether the page has access to the API. `starting`: not known yet; `open`: it has access; `signed-out`: it has no session,
 * or its session has expired; `code-invalid`: the link was used or has expired; `unreachable`: the daemon does not answer;
 * `untrusted`: the program that answers cannot prove that it is the daemon of this session; `unsupported`: the browser offers
 * no cryptography at this address.
 */
export type Access =
  'starting' | 'open' | 'signed-out' | 'code-invalid' | 'unreachable' | 'untrusted' | 'unsupported';

export const access = signal<Access>('starting');

const KEY = 'nf-escrow.session';
let session: Session | undefined;

/** Returns the session of this tab. */
export function currentSession(): Session | undefined {
  session ??= read();
  return session;
}

/** Keeps a session for this tab. sessionStorage survives a reload, and ends with the tab. */
export function keepSession(one: Session): void {
  session = one;
  sessionStorage.setItem(KEY, JSON.stringify(one));
}

export function forgetSession(): void {
  session = undefined;
  sessionStorage.removeItem(KEY);
}

function read(): Session | undefined {
  const text = sessionStorage.getItem(KEY);
  return text === null ? undefined : asSession(JSON.parse(text));
}

/** Returns a value as a session that has not expired, or undefined. */
export function asSession(value: unknown): Session | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, token, expires } = value as Partial<Session>;
  if (typeof id !== 'string' || typeof token !== 'string' || typeof expires !== 'string') return undefined;
  return Date.parse(expires) > Date.now() ? { id, token, expires } : undefined;
}
