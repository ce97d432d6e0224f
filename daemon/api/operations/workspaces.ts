import {
  createOrganization,
  getOrganization,
  listOrganizations,
  removeOrganization,
} from '../../access/organizations.ts';
import { permitted } from '../../access/permissions.ts';
import { roleOf } from '../../access/policy.ts';
import { findWorkspace } from '../../access/scopes.ts';
import {
  createWorkspace,
  describeWorkspace,
  listWorkspaces,
  removeWorkspace,
} from '../../access/workspaces.ts';
import { operation, type Operation } from '../routing/operation.ts';
import { pageIn } from './page-limits.ts';
import { WORKSPACE } from './problem-groups.ts';

/** Operations on organizations. */
export const organizationOperations: readonly Operation[] = [
  operation({
    id: 'listOrganizations',
    method: 'get',
    path: '/v1/organizations',
    summary: 'List organizations',
    query: 'page-query',
    responses: { 200: 'organization-list' },
    problems: ['cursor-invalid'],
    handle: async ({ ledger, user }, { query }) => {
      const { items, ...next } = await listOrganizations(ledger.db, pageIn(query));
      const organizations = items.map((one) => permitted(user, 'organization', one));
      return { status: 200, body: { organizations, ...next } };
    },
  }),
  operation({
    id: 'createOrganization',
    method: 'post',
    path: '/v1/organizations',
    summary: 'Create an organization',
    request: 'organization-input',
    tagged: true,
    repeatable: 201,
    responses: { 201: 'organization' },
    problems: ['name-taken', 'not-permitted'],
    handle: async ({ ledger, user }, { body, remember }) => {
      const created = await createOrganization(ledger, user, body.name, remember);
      return { status: 201, body: permitted(user, 'organization', created), etag: created.etag };
    },
    repeat: async ({ user }, _call, remembered) => permitted(user, 'organization', remembered as object),
  }),
  operation({
    id: 'getOrganization',
    method: 'get',
    path: '/v1/organizations/{organization}',
    summary: 'Get an organization',
    tagged: true,
    responses: { 200: 'organization' },
    problems: ['organization-not-found'],
    handle: async ({ ledger, user }, { params }) => {
      const found = await getOrganization(ledger.db, params.organization);
      return { status: 200, body: permitted(user, 'organization', found), etag: found.etag };
    },
  }),
  operation({
    id: 'removeOrganization',
    method: 'delete',
    path: '/v1/organizations/{organization}',
    summary: 'Remove an organization that has no workspaces',
    preconditions: ['If-Match'],
    responses: { 204: null },
    problems: ['organization-not-found', 'in-use', 'not-permitted'],
    handle: async ({ ledger, user }, { params, precondition }) => {
      await removeOrganization(ledger, user, params.organization, precondition);
      return { status: 204, body: undefined };
    },
  }),
];

/** Operations on workspaces, except those on their secrets. */
export const workspaceOperations: readonly Operation[] = [
  operation({
    id: 'listWorkspaces',
    method: 'get',
    path: '/v1/workspaces',
    summary: 'List workspaces',
    query: 'page-query',
    responses: { 200: 'workspace-list' },
    problems: ['cursor-invalid'],
    handle: async ({ ledger, user }, { query }) => {
      const { items, ...next } = await listWorkspaces(ledger.db, user, pageIn(query));
      return {
        status: 200,
        body: { workspaces: items.map((one) => permitted(user, 'workspace', one)), ...next },
      };
    },
  }),
  operation({
    id: 'createWorkspace',
    method: 'post',
    path: '/v1/workspaces',
    summary: 'Create a workspace',
    request: 'workspace-input',
    tagged: true,
    repeatable: 201,
    responses: { 201: 'workspace' },
    problems: ['name-taken', 'organization-not-found', 'not-permitted'],
    handle: async ({ ledger, user }, { body, remember }) => {
      const created = await createWorkspace(ledger, user, body, remember);
      return { status: 201, body: permitted(user, 'workspace', created), etag: created.etag };
    },
    repeat: async ({ user }, _call, remembered) => permitted(user, 'workspace', remembered as object),
  }),
  operation({
    id: 'getWorkspace',
    method: 'get',
    path: '/v1/workspaces/{organization}/{workspace}',
    summary: 'Get a workspace',
    tagged: true,
    responses: { 200: 'workspace' },
    problems: WORKSPACE,
    handle: async ({ ledger, user }, { params }) => {
      const scope = await findWorkspace(ledger.db, `${params.organization}/${params.workspace}`);
      const found = await describeWorkspace(ledger.db, user, scope);
      return { status: 200, body: permitted(user, 'workspace', found), etag: found.etag };
    },
  }),
  operation({
    id: 'removeWorkspace',
    method: 'delete',
    path: '/v1/workspaces/{organization}/{workspace}',
    summary: 'Remove a workspace and its secrets',
    description:
      'Requires `If-Match`, because the request also removes the secrets. The ETag of a workspace changes with each change of its secrets.',
    preconditions: ['If-Match'],
    requiresPrecondition: true,
    responses: { 204: null },
    problems: [...WORKSPACE, 'in-use', 'not-permitted'],
    handle: async ({ ledger, user }, { params, precondition }) => {
      const scope = await findWorkspace(ledger.db, `${params.organization}/${params.workspace}`);
      await removeWorkspace(ledger, user, scope, precondition);
      return { status: 204, body: undefined };
    },
  }),
  operation({
    id: 'listMembers',
    method: 'get',
    path: '/v1/workspaces/{organization}/{workspace}/members',
    summary: 'List the members of a workspace',
    responses: { 200: 'member-list' },
    problems: WORKSPACE,
    handle: async ({ ledger, user }, { params }) => {
      await findWorkspace(ledger.db, `${params.organization}/${params.workspace}`);
      return { status: 200, body: { members: [{ user: user.user, role: roleOf(user) }] } };
    },
  }),
];
