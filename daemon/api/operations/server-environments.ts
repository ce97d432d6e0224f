import { permitted, roleReader } from '../../access/permissions.ts';
import type { Principal } from '../../access/principal.ts';
import { titleOf, type WorkspaceScope } from '../../access/scopes.ts';
import {
  createServerEnvironment,
  findServerEnvironment,
  pageOfServerEnvironments,
  removeServerEnvironment,
} from '../../compute-envs/server-environments.ts';
import type { ServerEnvironment } from '../../contract/types.ts';
import { operation, type Operation } from '../routing/operation.ts';
import { deliveriesOf, type Served } from '../served.ts';
import { pageIn } from './page-limits.ts';
import { WORKSPACE } from './problem-groups.ts';
import { scopeOf } from './workspace-scope.ts';

const FIND = [...WORKSPACE, 'compute-environment-not-found'] as const;

/** Operations on the compute environments of workspaces, to which a team server itself delivers secrets. */
export const serverEnvironmentOperations: readonly Operation[] = [
  operation({
    id: 'listServerEnvironments',
    method: 'get',
    path: '/v1/workspaces/{organization}/{workspace}/compute-envs',
    summary: 'List the compute environments of a workspace on the server',
    permission: 'compute_environments:read',
    ofTeamServer: true,
    query: 'page-query',
    responses: { 200: 'server-environment-list' },
    problems: [...WORKSPACE, 'cursor-invalid'],
    handle: async (served, { params, query, principal }) => {
      const scope = await scopeOf(served, principal, params);
      const { items, ...next } = await pageOfServerEnvironments(served.ledger.db, scope, pageIn(query));
      const describe = await describer(served, principal, scope);
      return { status: 200, body: { computeEnvironments: items.map(describe), ...next } };
    },
  }),
  operation({
    id: 'createServerEnvironment',
    method: 'post',
    path: '/v1/workspaces/{organization}/{workspace}/compute-envs',
    summary: 'Create a compute environment of a workspace on the server',
    description:
      'The server creates and removes the secrets of its runs with the identity that its configuration has for the AWS account of the execution role. The execution role must not be that of another workspace. To change a compute environment, remove it and create it again.',
    permission: 'compute_environments:write',
    ofTeamServer: true,
    request: 'server-environment-input',
    tagged: true,
    repeatable: 201,
    responses: { 201: 'server-environment' },
    problems: [...WORKSPACE, 'not-permitted', 'name-taken', 'compute-environment-invalid'],
    handle: async (served, { params, body, remember, principal }) => {
      const scope = await scopeOf(served, principal, params);
      const { rules } = deliveriesOf(served);
      const created = await createServerEnvironment(served.ledger, rules, principal, scope, body, remember);
      const describe = await describer(served, principal, scope);
      return { status: 201, body: describe(created), etag: created.etag };
    },
    repeat: async (served, { params, principal }, remembered) => {
      const scope = await scopeOf(served, principal, params);
      return (await describer(served, principal, scope))(remembered as ServerEnvironment);
    },
  }),
  operation({
    id: 'getServerEnvironment',
    method: 'get',
    path: '/v1/workspaces/{organization}/{workspace}/compute-envs/{computeEnvironment}',
    summary: 'Get a compute environment of a workspace on the server',
    permission: 'compute_environments:read',
    ofTeamServer: true,
    tagged: true,
    responses: { 200: 'server-environment' },
    problems: FIND,
    handle: async (served, { params, principal }) => {
      const scope = await scopeOf(served, principal, params);
      const { db } = served.ledger;
      const { environment } = await findServerEnvironment(db, scope, params.computeEnvironment);
      const describe = await describer(served, principal, scope);
      return { status: 200, body: describe(environment), etag: environment.etag };
    },
  }),
  operation({
    id: 'removeServerEnvironment',
    method: 'delete',
    path: '/v1/workspaces/{organization}/{workspace}/compute-envs/{computeEnvironment}',
    summary: 'Remove a compute environment of a workspace on the server',
    description: 'Fails with `in-use` while the server holds secrets of a run in it.',
    permission: 'compute_environments:write',
    ofTeamServer: true,
    preconditions: ['If-Match'],
    responses: { 204: null },
    problems: [...FIND, 'not-permitted', 'in-use'],
    handle: async (served, { params, precondition, principal }) => {
      const scope = await scopeOf(served, principal, params);
      const { computeEnvironment: name } = params;
      await removeServerEnvironment(served.ledger, principal, scope, name, precondition);
      return { status: 204, body: undefined };
    },
  }),
];

/** Returns a function that adds what the principal may do with a compute environment of a workspace. */
async function describer({ ledger }: Served, by: Principal, scope: WorkspaceScope) {
  const title = titleOf(scope);
  const role = (await roleReader(ledger.db, by, [title]))(title);
  return (one: ServerEnvironment) => permitted(by, role, 'computeEnvironment', one);
}
