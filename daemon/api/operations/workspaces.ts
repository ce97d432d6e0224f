import {
  createOrganization,
  getOrganization,
  listOrganizations,
  removeOrganization,
  type OwnOrganization,
} from '../../access/organizations.ts';
import { authorize } from '../../access/authorize.ts';
import { permitted } from '../../access/permissions.ts';
import type { Principal } from '../../access/principal.ts';
import { assignableInOrganization, assignableRoles } from '../../access/roles.ts';
import { findWorkspace } from '../../access/scopes.ts';
import {
  changeWorkspace,
  createWorkspace,
  creationPermission,
  describeWorkspace,
  listWorkspaces,
  removeWorkspace,
} from '../../access/workspaces.ts';
import type { Organization, OrganizationRole, Workspace } from '../../contract/types.ts';
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
    permission: 'organizations:read',
    query: 'page-query',
    responses: { 200: 'organization-list' },
    problems: ['cursor-invalid'],
    handle: async ({ ledger }, { query, principal }) => {
      const { items, ...next } = await listOrganizations(ledger.db, principal, pageIn(query));
      const organizations = items.map((one) => permittedOrganization(principal, one));
      return { status: 200, body: { organizations, ...next } };
    },
  }),
  operation({
    id: 'createOrganization',
    method: 'post',
    path: '/v1/organizations',
    summary: 'Create an organization',
    permission: 'organizations:create',
    request: 'organization-input',
    tagged: true,
    repeatable: 201,
    responses: { 201: 'organization' },
    problems: ['name-taken', 'not-permitted'],
    handle: async ({ ledger }, { body, remember, principal }) => {
      const created = await createOrganization(ledger, principal, body.name, remember);
      return { status: 201, body: permittedOrganization(principal, created), etag: created.etag };
    },
    repeat: async (_served, { principal }, remembered) =>
      permittedOrganization(principal, remembered as OwnOrganization),
  }),
  operation({
    id: 'getOrganization',
    method: 'get',
    path: '/v1/organizations/{organization}',
    summary: 'Get an organization',
    permission: 'organizations:read',
    tagged: true,
    responses: { 200: 'organization' },
    problems: ['organization-not-found'],
    handle: async ({ ledger }, { params, principal }) => {
      const found = await getOrganization(ledger.db, principal, params.organization);
      return { status: 200, body: permittedOrganization(principal, found), etag: found.etag };
    },
  }),
  operation({
    id: 'removeOrganization',
    method: 'delete',
    path: '/v1/organizations/{organization}',
    summary: 'Remove an organization that has no workspaces',
    permission: 'organizations:delete',
    preconditions: ['If-Match'],
    responses: { 204: null },
    problems: ['organization-not-found', 'in-use', 'not-permitted'],
    handle: async ({ ledger }, { params, precondition, principal }) => {
      await removeOrganization(ledger, principal, params.organization, precondition);
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
    permission: 'workspaces:read',
    query: 'page-query',
    responses: { 200: 'workspace-list' },
    problems: ['cursor-invalid'],
    handle: async ({ ledger }, { query, principal }) => {
      const { items, ...next } = await listWorkspaces(ledger.db, principal, pageIn(query));
      return {
        status: 200,
        body: { workspaces: items.map((one) => permittedWorkspace(principal, one)), ...next },
      };
    },
  }),
  operation({
    id: 'createWorkspace',
    method: 'post',
    path: '/v1/workspaces',
    summary: 'Create a workspace',
    permission: 'workspaces:create',
    request: 'workspace-input',
    tagged: true,
    repeatable: 201,
    responses: { 201: 'workspace' },
    problems: ['name-taken', 'organization-not-found', 'not-permitted'],
    handle: async ({ ledger }, { body, remember, principal }) => {
      const created = await createWorkspace(ledger, principal, body, remember);
      return { status: 201, body: permittedWorkspace(principal, created), etag: created.etag };
    },
    repeat: async ({ ledger: { db } }, { body: { organization, visibility }, principal }, remembered) => {
      // The path does not name the organization, so that nothing has checked yet whether the principal may still see it.
      await authorize(db, principal, creationPermission(visibility), { organization });
      return permittedWorkspace(principal, remembered as Workspace);
    },
  }),
  operation({
    id: 'getWorkspace',
    method: 'get',
    path: '/v1/workspaces/{organization}/{workspace}',
    summary: 'Get a workspace',
    permission: 'workspaces:read',
    tagged: true,
    responses: { 200: 'workspace' },
    problems: WORKSPACE,
    handle: async ({ ledger }, { params, principal }) => {
      const scope = await findWorkspace(ledger.db, `${params.organization}/${params.workspace}`, principal);
      const found = await describeWorkspace(ledger.db, principal, scope);
      return { status: 200, body: permittedWorkspace(principal, found), etag: found.etag };
    },
  }),
  operation({
    id: 'updateWorkspace',
    method: 'patch',
    path: '/v1/workspaces/{organization}/{workspace}',
    summary: 'Change who can see a workspace',
    description:
      'The visibility of a shared workspace makes all members of the organization members of the workspace. The visibility of a personal workspace cannot change.',
    permission: 'members:write',
    ofTeamServer: true,
    request: 'workspace-change',
    tagged: true,
    preconditions: ['If-Match'],
    responses: { 200: 'workspace' },
    problems: [...WORKSPACE, 'workspace-personal', 'not-permitted'],
    handle: async ({ ledger }, { params, body, precondition, principal }) => {
      const scope = await findWorkspace(ledger.db, `${params.organization}/${params.workspace}`, principal);
      const changed = await changeWorkspace(ledger, principal, scope, body, precondition);
      return { status: 200, body: permittedWorkspace(principal, changed), etag: changed.etag };
    },
  }),
  operation({
    id: 'removeWorkspace',
    method: 'delete',
    path: '/v1/workspaces/{organization}/{workspace}',
    summary: 'Remove a workspace and its secrets',
    permission: 'workspaces:delete',
    description:
      'Requires `If-Match`, because the request also removes the secrets. The ETag of a workspace changes when one of its secrets changes.',
    preconditions: ['If-Match'],
    requiresPrecondition: true,
    responses: { 204: null },
    problems: [...WORKSPACE, 'in-use', 'not-permitted'],
    handle: async ({ ledger }, { params, precondition, principal }) => {
      const scope = await findWorkspace(ledger.db, `${params.organization}/${params.workspace}`, principal);
      await removeWorkspace(ledger, principal, scope, precondition);
      return { status: 204, body: undefined };
    },
  }),
];

function permittedOrganization(by: Principal, { role, ...organization }: OwnOrganization): Organization {
  const described = permitted(by, role, 'organization', organization);
  const mayChange = described.permissions.includes('organization_members:write');
  const roles = mayChange ? assignableInOrganization(role as OrganizationRole) : [];
  return { ...described, assignableRoles: roles };
}

function permittedWorkspace(by: Principal, workspace: Workspace): Workspace {
  const described = permitted(by, workspace.role, 'workspace', workspace);
  // The user of a daemon is the only member of its workspaces.
  const mayChange = by.kind !== 'machine' && described.permissions.includes('members:write');
  return { ...described, assignableRoles: mayChange ? assignableRoles(workspace.role) : [] };
}
