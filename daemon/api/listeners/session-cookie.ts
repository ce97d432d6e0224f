import { createHmac } from 'node:crypto';
import type { Request, Response } from 'express';
import type { FoundSession } from '../../access/sign-in/authenticate-session.ts';

/** Browsers accept a cookie with this prefix only from this host, over HTTPS, for all paths: RFC 6265bis, section 4.1.3.2. */
const PREFIX = '__Host-nf-escrow';
/** The secret of the session. */
export const SESSION_COOKIE = `${PREFIX}-session`;

/** The browser of a request to a team server. */
export interface Visitor {
  /** The secret in the cookie. */
  readonly secret: string;
  readonly session: FoundSession;
}

const visitors = new WeakMap<Request, Visitor>();

/** Records the session of the browser of a request. */
export function identifyVisitor(request: Request, visitor: Visitor): void {
  visitors.set(request, visitor);
}

/** Returns the session of the browser of a request; undefined without one. */
export function visitorOf(request: Request): Visitor | undefined {
  return visitors.get(request);
}

/** Returns the value of a cookie. A cookie that occurs twice counts as absent: one of the two is not ours. */
export function readCookie(
  { headersDistinct }: Pick<Request, 'headersDistinct'>,
  name: string,
): string | undefined {
  const values = (headersDistinct.cookie ?? [])
    .flatMap((header) => header.split(';'))
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 ? values[0] : undefined;
}

/** Sets a cookie that scripts cannot read, until the browser is closed or for a time. */
export function setCookie(response: Response, name: string, value: string, seconds?: number): void {
  const age = seconds === undefined ? '' : `; Max-Age=${String(seconds)}`;
  response.append('set-cookie', `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax${age}`);
}

/** Removes a cookie from the browser. */
export function clearCookie(response: Response, name: string): void {
  setCookie(response, name, '', 0);
}

/** Returns the token that requests of the page send in a header. Only a page of this server can read it, and a form cannot send it. */
export function csrfTokenOf(secret: string): string {
  return createHmac('sha256', secret).update('nf-escrow csrf token').digest('base64url');
}
