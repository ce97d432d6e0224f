import { VAULT_KEY } from '../operations/problem-groups.ts';
import type { ApiDescription } from '../routing/openapi.ts';
import { operation, type Operation, type OperationGroup } from '../routing/operation.ts';
import { platformErrors } from './platform-errors.ts';
import { API_PREFIX } from './platform-paths.ts';
import {
  assertNameIsFree,
  createSecret,
  getSecret,
  listSecrets,
  removeSecret,
  updateSecret,
} from './secrets.ts';
import { describeUser, listWorkspaces } from './user.ts';

/** The version of Seqera Platform's API that these routes follow. Its command line compares it with its own. */
const API_VERSION = '1.187.0';
/** A value has up to 64 KiB, and JSON can need 6 bytes for each. */
const REQUEST_MAX = 512 * 1024;

const FIND = ['workspace-not-found', 'not-permitted'] as const;
const CHANGE = [...FIND, ...VAULT_KEY, 'workspace-personal', 'name-invalid', 'value-invalid'] as const;

const secretOperations: readonly Operation[] = [
  operation({
    id: 'listPipelineSecrets',
    method: 'get',
    path: '/pipeline-secrets',
    summary: 'List pipeline secrets',
    permission: 'pipeline_secrets:read',
    query: 'pipeline-secrets-query',
    ignoresUnknown: true,
    responses: { 200: 'pipeline-secret-list' },
    problems: FIND,
    handle: async (served, { query, principal }) => {
      const pipelineSecrets = await listSecrets(served, principal, query);
      return { status: 200, body: { pipelineSecrets, totalSize: pipelineSecrets.length } };
    },
  }),
  operation({
    id: 'createPipelineSecret',
    method: 'post',
    path: '/pipeline-secrets',
    summary: 'Create a pipeline secret',
    permission: 'pipeline_secrets:write',
    query: 'pipeline-secrets-query',
    request: 'pipeline-secret-input',
    requestMax: REQUEST_MAX,
    ignoresUnknown: true,
    responses: { 200: 'pipeline-secret-created' },
    problems: [...CHANGE, 'name-taken'],
    handle: async (served, { query, body, principal }) => ({
      status: 200,
      body: { secretId: await createSecret(served, principal, query, body) },
    }),
  }),
  // Before the route with an id, which matches its path too.
  operation({
    id: 'validatePipelineSecretName',
    method: 'get',
    path: '/pipeline-secrets/validate',
    summary: 'Check that a name is valid and not taken',
    permission: 'pipeline_secrets:write',
    query: 'pipeline-secret-name-query',
    ignoresUnknown: true,
    responses: { 204: null },
    problems: [...FIND, 'name-invalid', 'name-taken'],
    handle: async (served, { query, principal }) => {
      await assertNameIsFree(served, principal, query, query.name);
      return { status: 204, body: undefined };
    },
  }),
  operation({
    id: 'describePipelineSecret',
    method: 'get',
    path: '/pipeline-secrets/{secretId}',
    summary: 'Get a pipeline secret, without its value',
    permission: 'pipeline_secrets:read',
    query: 'pipeline-secrets-query',
    ignoresUnknown: true,
    responses: { 200: 'pipeline-secret-reply' },
    problems: [...FIND, 'secret-not-found'],
    handle: async (served, { query, params, principal }) => ({
      status: 200,
      body: { pipelineSecret: await getSecret(served, principal, query, params.secretId) },
    }),
  }),
  operation({
    id: 'updatePipelineSecret',
    method: 'put',
    path: '/pipeline-secrets/{secretId}',
    summary: 'Set a new value of a pipeline secret',
    permission: 'pipeline_secrets:write',
    query: 'pipeline-secrets-query',
    request: 'pipeline-secret-change',
    requestMax: REQUEST_MAX,
    ignoresUnknown: true,
    responses: { 204: null },
    problems: [...CHANGE, 'secret-not-found'],
    handle: async (served, { query, params, body, principal }) => {
      await updateSecret(served, principal, query, params.secretId, body.value);
      return { status: 204, body: undefined };
    },
  }),
  operation({
    id: 'deletePipelineSecret',
    method: 'delete',
    path: '/pipeline-secrets/{secretId}',
    summary: 'Delete a pipeline secret',
    permission: 'pipeline_secrets:write',
    query: 'pipeline-secrets-query',
    ignoresUnknown: true,
    responses: { 204: null },
    problems: [...FIND, 'secret-not-found'],
    handle: async (served, { query, params, principal }) => {
      await removeSecret(served, principal, query, params.secretId);
      return { status: 204, body: undefined };
    },
  }),
];

const userOperations: readonly Operation[] = [
  operation({
    id: 'userInfo',
    method: 'get',
    path: '/user-info',
    summary: 'Get the user who sends the request',
    permission: 'user_secrets:read',
    ignoresUnknown: true,
    responses: { 200: 'platform-user' },
    handle: async (served, { principal }) => ({
      status: 200,
      body: { user: await describeUser(served, principal) },
    }),
  }),
  operation({
    id: 'listWorkspacesUser',
    method: 'get',
    path: '/user/{userId}/workspaces',
    summary: 'List the workspaces of the user who sends the request',
    permission: 'workspaces:read',
    ignoresUnknown: true,
    responses: { 200: 'platform-workspace-list' },
    problems: ['not-permitted'],
    handle: async (served, { params, principal }) => ({
      status: 200,
      body: { orgsAndWorkspaces: await listWorkspaces(served, principal, params.userId) },
    }),
  }),
  operation({
    id: 'info',
    method: 'get',
    path: '/service-info',
    summary: 'Get the versions of the service',
    ignoresUnknown: true,
    responses: { 200: 'platform-service-info' },
    handle: ({ version }) => ({
      status: 200,
      body: { serviceInfo: { version, apiVersion: API_VERSION } },
    }),
  }),
];

/** Operations in the form of Seqera Platform. Their routes, their description and a table of docs/api.md derive from them. */
export const platformGroup: OperationGroup = {
  title: 'Seqera Platform',
  description: 'Secrets and workspaces for clients of Seqera Platform. Values are write-only',
  operations: [...secretOperations, ...userOperations],
};

export const platformApi: ApiDescription = {
  title: 'nf-escrow for clients of Seqera Platform',
  summary: 'Manage the secrets of nf-escrow with clients of Seqera Platform, such as `tw`',
  description:
    'Paths, statuses and bodies are those of Seqera Platform. Unknown parameters are ignored. Errors are `{"message": …}`. The response for an object that does not exist, or that the caller may not see, has status 403. No response contains the value of a secret.',
  servers: [
    { url: '/', description: 'As in Seqera Cloud' },
    { url: API_PREFIX, description: 'As in an enterprise installation' },
  ],
  errors: platformErrors,
};
