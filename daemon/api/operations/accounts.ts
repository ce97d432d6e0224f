import {
  createServiceAccount,
  listServiceAccounts,
  removeServiceAccount,
} from '../../access/accounts/service-accounts.ts';
import { describeIdentity } from '../../access/accounts/identity.ts';
import { listUsers, setUserState } from '../../access/accounts/users.ts';
import { createToken, listTokens, revokeToken, revokeTokenText } from '../../access/tokens/tokens.ts';
import type { ServiceAccount } from '../../contract/types.ts';
import { operation, type Operation } from '../routing/operation.ts';
import { pageIn } from './page-limits.ts';

const CHANGE_ACCOUNT = ['organization-not-found', 'not-permitted'] as const;
const CHANGE_USER = ['user-not-found', 'not-permitted'] as const;

/** Operations on the users of a team server. */
export const userOperations: readonly Operation[] = [
  operation({
    id: 'getIdentity',
    method: 'get',
    path: '/v1/whoami',
    summary: 'Get the principal that sends the request',
    permission: 'workspaces:read',
    ofTeamServer: true,
    responses: { 200: 'identity' },
    handle: async ({ ledger }, { principal }) => ({
      status: 200,
      body: await describeIdentity(ledger.db, principal),
    }),
  }),
  operation({
    id: 'listUsers',
    method: 'get',
    path: '/v1/users',
    summary: 'List the users of the server',
    permission: 'users:read',
    ofTeamServer: true,
    query: 'page-query',
    responses: { 200: 'user-list' },
    problems: ['cursor-invalid'],
    handle: async ({ ledger }, { query }) => {
      const { items, ...next } = await listUsers(ledger.db, pageIn(query));
      return { status: 200, body: { users: [...items], ...next } };
    },
  }),
  operation({
    id: 'suspendUser',
    method: 'post',
    path: '/v1/users/{user}/suspend',
    summary: 'Suspend a user',
    description:
      'From now on, all requests of the user are rejected, including requests with tokens. Open event streams of the user end. Sessions and sign-in links of the user end. The user keeps all roles and tokens. Administrators cannot suspend themselves, and nobody can suspend the last active owner of an organization.',
    permission: 'users:write',
    ofTeamServer: true,
    responses: { 200: 'user' },
    problems: [...CHANGE_USER, 'last-owner'],
    handle: async ({ ledger }, { params, principal }) => ({
      status: 200,
      body: await setUserState(ledger, principal, params.user, 'suspended'),
    }),
  }),
  operation({
    id: 'resumeUser',
    method: 'post',
    path: '/v1/users/{user}/resume',
    summary: 'Resume a suspended user',
    permission: 'users:write',
    ofTeamServer: true,
    responses: { 200: 'user' },
    problems: CHANGE_USER,
    handle: async ({ ledger }, { params, principal }) => ({
      status: 200,
      body: await setUserState(ledger, principal, params.user, 'active'),
    }),
  }),
];

/** Operations on the service accounts of organizations. */
export const serviceAccountOperations: readonly Operation[] = [
  operation({
    id: 'listServiceAccounts',
    method: 'get',
    path: '/v1/organizations/{organization}/service-accounts',
    summary: 'List the service accounts of an organization',
    permission: 'service_accounts:read',
    ofTeamServer: true,
    query: 'page-query',
    responses: { 200: 'service-account-list' },
    problems: ['organization-not-found', 'cursor-invalid'],
    handle: async ({ ledger }, { params, query }) => {
      const { items, ...next } = await listServiceAccounts(ledger.db, params.organization, pageIn(query));
      return { status: 200, body: { serviceAccounts: [...items], ...next } };
    },
  }),
  operation({
    id: 'createServiceAccount',
    method: 'post',
    path: '/v1/organizations/{organization}/service-accounts',
    summary: 'Create a service account',
    description: 'The service account has no permissions until it is added to a workspace.',
    permission: 'service_accounts:write',
    ofTeamServer: true,
    request: 'service-account-input',
    tagged: true,
    repeatable: 201,
    responses: { 201: 'service-account' },
    problems: [...CHANGE_ACCOUNT, 'name-taken'],
    handle: async ({ ledger }, { params, body, remember, principal }) => {
      const { organization } = params;
      const created = await createServiceAccount(ledger, principal, organization, body.name, remember);
      return { status: 201, body: created, etag: created.etag };
    },
    repeat: async (_served, _call, remembered) => remembered as ServiceAccount,
  }),
  operation({
    id: 'removeServiceAccount',
    method: 'delete',
    path: '/v1/organizations/{organization}/service-accounts/{serviceAccount}',
    summary: 'Remove a service account, its tokens and its roles',
    permission: 'service_accounts:write',
    ofTeamServer: true,
    preconditions: ['If-Match'],
    responses: { 204: null },
    problems: [...CHANGE_ACCOUNT, 'service-account-not-found'],
    handle: async ({ ledger }, { params, precondition, principal }) => {
      const { organization, serviceAccount } = params;
      await removeServiceAccount(ledger, principal, organization, serviceAccount, precondition);
      return { status: 204, body: undefined };
    },
  }),
];

/** Operations on tokens. The text of a token is in the response that creates it and nowhere else. */
export const tokenOperations: readonly Operation[] = [
  operation({
    id: 'listTokens',
    method: 'get',
    path: '/v1/tokens',
    summary: 'List the tokens of the user or of a service account, newest first',
    permission: 'tokens:read',
    ofTeamServer: true,
    query: 'token-query',
    responses: { 200: 'token-list' },
    problems: ['cursor-invalid', 'organization-not-found', 'service-account-not-found'],
    handle: async ({ ledger }, { query, principal }) => {
      const { items, ...next } = await listTokens(ledger.db, principal, { ...query, ...pageIn(query) });
      return { status: 200, body: { tokens: [...items], ...next } };
    },
  }),
  operation({
    id: 'createToken',
    method: 'post',
    path: '/v1/tokens',
    summary: 'Create a token',
    description:
      'Only this response contains the token. Requires the session of a user: a request with a token cannot create tokens. `Idempotency-Key` is ignored.',
    permission: 'tokens:create',
    ofTeamServer: true,
    request: 'token-input',
    responses: { 201: 'created-token' },
    problems: [
      'not-permitted',
      'request-unprocessable',
      'workspace-not-found',
      'organization-not-found',
      'service-account-not-found',
    ],
    handle: async ({ ledger, tokenLimits }, { body, principal }) => ({
      status: 201,
      body: await createToken(ledger, principal, body, tokenLimits),
    }),
  }),
  operation({
    id: 'revokeToken',
    method: 'delete',
    path: '/v1/tokens/{token}',
    summary: 'Revoke a token of the user or of a service account',
    description:
      'All further requests with the token are rejected. Event streams that were opened with the token end.',
    permission: 'tokens:revoke',
    ofTeamServer: true,
    responses: { 204: null },
    problems: ['token-not-found', 'not-permitted'],
    handle: async ({ ledger }, { params, principal }) => {
      await revokeToken(ledger, principal, params.token);
      return { status: 204, body: undefined };
    },
  }),
  operation({
    id: 'revokeTokenText',
    method: 'post',
    path: '/v1/token-revocations',
    summary: 'Revoke a token with its text',
    description:
      'For programs that sign out, and for those who find a token in a wrong place. The response is the same for a token that does not exist.',
    access: 'sign-in',
    ofTeamServer: true,
    request: 'token-text',
    responses: { 204: null },
    handle: async ({ ledger }, { body }) => {
      await revokeTokenText(ledger, body.token);
      return { status: 204, body: undefined };
    },
  }),
];
