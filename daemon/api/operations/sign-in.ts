import type { Response } from 'express';
import { authenticateSession, type FoundSession } from '../../access/sign-in/authenticate-session.ts';
import { createSignInLink, useSignInLink } from '../../access/sign-in/sign-in-links.ts';
import { endSession } from '../../access/sign-in/user-sessions.ts';
import type { SessionState } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import {
  clearCookie,
  csrfTokenOf,
  SESSION_COOKIE,
  setCookie,
  visitorOf,
} from '../listeners/session-cookie.ts';
import { operation, type Operation } from '../routing/operation.ts';
import { signInOf } from '../sign-in.ts';
import type { Served } from '../served.ts';

/** Operations with which people sign in to a team server, and end their sessions. */
export const signInOperations: readonly Operation[] = [
  operation({
    id: 'getSession',
    method: 'get',
    path: '/v1/session',
    summary: 'Get the user who is signed in with this browser, and the available sign-in methods',
    access: 'sign-in',
    ofTeamServer: true,
    responses: { 200: 'session-state' },
    handle: (served, _call, { req }) => {
      const visitor = visitorOf(req);
      return { status: 200, body: stateOf(served, visitor?.session, visitor?.secret) };
    },
  }),
  operation({
    id: 'signOut',
    method: 'delete',
    path: '/v1/session',
    summary: 'End the session of this browser',
    access: 'sign-in',
    ofTeamServer: true,
    responses: { 204: null },
    handle: async ({ ledger }, _call, response) => {
      const visitor = visitorOf(response.req);
      if (visitor !== undefined) await endSession(ledger, visitor.session.id);
      clearCookie(response, SESSION_COOKIE);
      return { status: 204, body: undefined };
    },
  }),
  operation({
    id: 'signInWithLink',
    method: 'post',
    path: '/v1/sign-in/link',
    summary: 'Sign in with a link of an administrator',
    description: 'The link works once. The response sets the cookie of the session.',
    access: 'sign-in',
    ofTeamServer: true,
    request: 'sign-in-link-secret',
    responses: { 200: 'session-state' },
    problems: ['sign-in-link-invalid'],
    handle: async (served, { body }, response) => {
      const { sessions } = signInOf(served);
      const replaces = visitorOf(response.req)?.session.id;
      const secret = await useSignInLink(served.ledger, body.secret, replaces, sessions);
      return { status: 200, body: await beginSession(served, response, secret) };
    },
  }),
  operation({
    id: 'startSignIn',
    method: 'post',
    path: '/v1/sign-in/provider',
    summary: 'Sign in with the identity provider of the server',
    description:
      'The browser continues at the returned address. The provider then redirects it to `/sign-in/callback` on this server, which sets the cookie of the session.',
    access: 'sign-in',
    ofTeamServer: true,
    request: 'sign-in-start',
    requestOptional: true,
    responses: { 200: 'sign-in-redirect' },
    problems: ['sign-in-unavailable', 'identity-provider-unavailable'],
    handle: async (served, { body }, response) => {
      const { provider } = signInOf(served);
      if (provider === undefined)
        throw new EscrowError('sign-in-unavailable', 'Cannot sign in: the server has no identity provider.', {
          hint: 'Ask an administrator of the server for a sign-in link.',
        });
      return { status: 200, body: { location: await provider.start(response, body) } };
    },
  }),
  operation({
    id: 'createSignInLink',
    method: 'post',
    path: '/v1/users/{user}/sign-in-links',
    summary: 'Create a link with which a user can sign in once',
    description:
      'Only for servers without an identity provider. Only this response contains the link, which expires after 15 minutes. Earlier links of the user are void. Requires the session of an administrator. `Idempotency-Key` is ignored.',
    permission: 'sign_in_links:create',
    ofTeamServer: true,
    responses: { 201: 'created-sign-in-link' },
    problems: ['user-not-found', 'sign-in-unavailable'],
    handle: async (served, { params, principal }) => {
      const { provider, origin } = signInOf(served);
      if (provider !== undefined)
        throw new EscrowError(
          'sign-in-unavailable',
          'Cannot create a sign-in link: people sign in with the identity provider of the server.',
        );
      const { secret, expires } = await createSignInLink(served.ledger, principal, params.user);
      return { status: 201, body: { link: `${origin}/sign-in#${secret}`, user: params.user, expires } };
    },
  }),
];

/** Sets the cookie of a new session, and returns its state. */
export async function beginSession(
  served: Served,
  response: Response,
  secret: string,
): Promise<SessionState> {
  const { sessions } = signInOf(served);
  setCookie(response, SESSION_COOKIE, secret);
  return stateOf(served, await authenticateSession(served.ledger.db, secret, sessions), secret);
}

function stateOf(
  served: Served,
  session: FoundSession | undefined,
  secret: string | undefined,
): SessionState {
  const { provider } = signInOf(served);
  return {
    user: session?.user?.user ?? null,
    email: session?.identity?.email ?? null,
    administrator: session?.isAdministrator ?? false,
    csrfToken: session === undefined || secret === undefined ? null : csrfTokenOf(secret),
    isRecent: session?.isRecent ?? false,
    authenticated: session?.authenticatedAt ?? null,
    expires: session?.expiresAt ?? null,
    methods: [provider === undefined ? 'link' : 'provider'],
    provider: provider?.host ?? null,
  };
}
