import {
  createServiceAccount,
  listServiceAccounts,
  removeServiceAccount,
} from '../../access/accounts/service-accounts.ts';
import { listUsers, setUserState } from '../../access/accounts/users.ts';
import { createToken, listTokens, revokeToken } from '../../access/tokens/tokens.ts';
import type { ServiceAccount } from '../../contract/types.ts';
import { operation, type Operation } from '../routing/operation.ts';
import { pageIn } from './page-limits.ts';

const CHANGE_ACCOUNT = ['organization-not-found', 'not-permitted'] as const;
const CHANGE_USER = ['user-not-found', 'not-permitted'] as const;

/** Operations on the users of a team server. */
export const userOperations: readonly Operation[] = [
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
      'All requests of the user are refused from the next one on, also those with tokens, and event streams end. Roles and tokens are kept. Nobody can suspend themselves.',
    permission: 'users:write',
    ofTeamServer: true,
    responses: { 200: 'user' },
    problems: CHANGE_USER,
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
    description: 'The account has no role until a workspace adds it as a member.',
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
    summary: 'Remove a service account with its tokens and roles',
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
      'The response is the only place that contains the token. Requires a session of a person: a token cannot create tokens. `Idempotency-Key` has no effect.',
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
    description: 'The next request with the token is refused, and its event streams end.',
    permission: 'tokens:revoke',
    ofTeamServer: true,
    responses: { 204: null },
    problems: ['token-not-found', 'not-permitted'],
    handle: async ({ ledger }, { params, principal }) => {
      await revokeToken(ledger, principal, params.token);
      return { status: 204, body: undefined };
    },
  }),
];
