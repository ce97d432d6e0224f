import { listSessions, revokeSessions, revokeSessionsOf } from '../../access/sign-in/user-sessions.ts';
import { operation, type Operation } from '../routing/operation.ts';
import { signInOf } from '../sign-in.ts';

/** Operations on the sessions of people. */
export const sessionOperations: readonly Operation[] = [
  operation({
    id: 'listSessions',
    method: 'get',
    path: '/v1/user/sessions',
    summary: 'List the sessions of the user, newest first',
    permission: 'sessions:read',
    ofTeamServer: true,
    responses: { 200: 'user-session-list' },
    handle: async (served, { principal }) => ({
      status: 200,
      body: await listSessions(served.ledger.db, principal, signInOf(served).sessions),
    }),
  }),
  operation({
    id: 'revokeSessions',
    method: 'delete',
    path: '/v1/user/sessions',
    summary: 'End all sessions of the user',
    description: 'Includes the session of the request. Open event streams of these sessions end within 10 s.',
    permission: 'sessions:revoke',
    ofTeamServer: true,
    responses: { 204: null },
    handle: async ({ ledger }, { principal }) => {
      await revokeSessions(ledger, principal);
      return { status: 204, body: undefined };
    },
  }),
  operation({
    id: 'revokeSession',
    method: 'delete',
    path: '/v1/user/sessions/{session}',
    summary: 'End a session of the user',
    permission: 'sessions:revoke',
    ofTeamServer: true,
    responses: { 204: null },
    problems: ['session-not-found'],
    handle: async ({ ledger }, { params, principal }) => {
      await revokeSessions(ledger, principal, params.session);
      return { status: 204, body: undefined };
    },
  }),
  operation({
    id: 'revokeUserSessions',
    method: 'delete',
    path: '/v1/users/{user}/sessions',
    summary: 'End all sessions of a user',
    description: 'The user can sign in again, and tokens stay valid. Suspend the user to prevent both.',
    permission: 'users:write',
    ofTeamServer: true,
    responses: { 204: null },
    problems: ['user-not-found'],
    handle: async ({ ledger }, { params, principal }) => {
      await revokeSessionsOf(ledger, principal, params.user);
      return { status: 204, body: undefined };
    },
  }),
];
