import { acceptInvitation } from '../../access/invitations/accept-invitation.ts';
import { createInvitation } from '../../access/invitations/create-invitation.ts';
import { findInvitation, listInvitations, revokeInvitation } from '../../access/invitations/invitations.ts';
import { visitorOf } from '../listeners/session-cookie.ts';
import { operation, type Operation } from '../routing/operation.ts';
import { signInOf } from '../sign-in.ts';
import { pageIn } from './page-limits.ts';
import { beginSession } from './sign-in.ts';

/** Operations on invitations to a team server. */
export const invitationOperations: readonly Operation[] = [
  operation({
    id: 'listInvitations',
    method: 'get',
    path: '/v1/invitations',
    summary: 'List open invitations, newest first',
    permission: 'invitations:read',
    ofTeamServer: true,
    query: 'page-query',
    responses: { 200: 'invitation-list' },
    problems: ['cursor-invalid'],
    handle: async ({ ledger }, { query }) => {
      const { items, ...next } = await listInvitations(ledger.db, pageIn(query));
      return { status: 200, body: { invitations: [...items], ...next } };
    },
  }),
  operation({
    id: 'createInvitation',
    method: 'post',
    path: '/v1/invitations',
    summary: 'Invite a person',
    description:
      'Only this response contains the link, which works once. Send it to the person. An invitation to an organization also requires that you may add members to it. Requires the session of an administrator: a request with a token cannot invite. `Idempotency-Key` is ignored.',
    permission: 'invitations:create',
    ofTeamServer: true,
    request: 'invitation-input',
    responses: { 201: 'created-invitation' },
    problems: ['organization-not-found', 'name-taken', 'request-unprocessable'],
    handle: async (served, { body, principal }) => {
      const { secret, invitation } = await createInvitation(served.ledger, principal, body);
      return { status: 201, body: { link: `${signInOf(served).origin}/invitation#${secret}`, invitation } };
    },
  }),
  operation({
    id: 'revokeInvitation',
    method: 'delete',
    path: '/v1/invitations/{invitation}',
    summary: 'Revoke an invitation',
    permission: 'invitations:revoke',
    ofTeamServer: true,
    responses: { 204: null },
    problems: ['invitation-not-found'],
    handle: async ({ ledger }, { params, principal }) => {
      await revokeInvitation(ledger, principal, params.invitation);
      return { status: 204, body: undefined };
    },
  }),
  operation({
    id: 'findInvitation',
    method: 'post',
    path: '/v1/invitations/find',
    summary: 'Get what the invitation of a link offers',
    description: 'The invitation stays open.',
    access: 'sign-in',
    ofTeamServer: true,
    request: 'invitation-secret',
    responses: { 200: 'invitation-preview' },
    problems: ['invitation-invalid'],
    handle: async (served, { body }, { req }) => {
      const found = await findInvitation(served.ledger.db, body.secret);
      const hasProvider = signInOf(served).provider !== undefined;
      const { email, organization, role, invited_by: invitedBy, expires_at: expires } = found;
      const needsSignIn = hasProvider && visitorOf(req) === undefined;
      return { status: 200, body: { email, organization, role, invitedBy, expires, needsSignIn } };
    },
  }),
  operation({
    id: 'acceptInvitation',
    method: 'post',
    path: '/v1/invitations/accept',
    summary: 'Accept an invitation',
    description:
      'If the server has an identity provider, sign in first: the provider must have verified the address of the invitation. Otherwise, the link is the proof. The response sets the cookie of a new session.',
    access: 'sign-in',
    ofTeamServer: true,
    request: 'invitation-acceptance',
    responses: { 200: 'session-state' },
    problems: ['invitation-invalid', 'invitation-for-other-address', 'sign-in-required', 'name-taken'],
    handle: async (served, { body }, response) => {
      const { sessions, provider } = signInOf(served);
      const session = visitorOf(response.req)?.session;
      const rules = { ...sessions, hasProvider: provider !== undefined };
      const secret = await acceptInvitation(served.ledger, { ...body, session }, rules);
      return { status: 200, body: await beginSession(served, response, secret) };
    },
  }),
];
