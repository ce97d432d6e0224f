import {
  createOrganization,
  getOrganization,
  listOrganizations,
  removeOrganization,
} from '../../access/organizations.ts';
import { roleOf } from '../../access/policy.ts';
import { findWorkspace } from '../../access/scopes.ts';
import {
  createWorkspace,
  describeWorkspace,
  listWorkspaces,
  removeWorkspace,
} from '../../access/workspaces.ts';
import { operation, type Operation } from '../routing/operation.ts';
import { WORKSPACE } from './problem-groups.ts';

/** Operations on organizations. */
export const organizationOperations: readonly Operation[] = [
  operation({
    id: 'listOrganizations',
    method: 'get',
    path: '/v1/organizations',
    summary: 'List organizations',
    responses: { 200: 'organization-list' },
    handle: async ({ ledger }) => ({
      status: 200,
      body: { organizations: await listOrganizations(ledger.db) },
    }),
  }),
  operation({
    id: 'createOrganization',
    method: 'post',
    path: '/v1/organizations',
    summary: 'Create an organization',
    request: 'organization-input',
    responses: { 201: 'organization' },
    problems: ['name-taken', 'not-permitted'],
    handle: async ({ ledger, user }, { body }) => ({
      status: 201,
      body: await createOrganization(ledger, user, body.name),
    }),
  }),
  operation({
    id: 'getOrganization',
    method: 'get',
    path: '/v1/organizations/{organization}',
    summary: 'Get an organization',
    responses: { 200: 'organization' },
    problems: ['organization-not-found'],
    handle: async ({ ledger }, { params }) => ({
      status: 200,
      body: await getOrganization(ledger.db, params.organization),
    }),
  }),
  operation({
    id: 'removeOrganization',
    method: 'delete',
    path: '/v1/organizations/{organization}',
    summary: 'Remove an organization that has no workspaces',
    responses: { 204: null },
    problems: ['organization-not-found', 'in-use', 'not-permitted'],
    handle: async ({ ledger, user }, { params }) => {
      await removeOrganization(ledger, user, params.organization);
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
    responses: { 200: 'workspace-list' },
    handle: async ({ ledger, user }) => ({
      status: 200,
      body: { workspaces: await listWorkspaces(ledger.db, user) },
    }),
  }),
  operation({
    id: 'createWorkspace',
    method: 'post',
    path: '/v1/workspaces',
    summary: 'Create a workspace',
    request: 'workspace-input',
    responses: { 201: 'workspace' },
    problems: ['name-taken', 'organization-not-found', 'not-permitted'],
    handle: async ({ ledger, user }, { body }) => ({
      status: 201,
      body: await createWorkspace(ledger, user, body),
    }),
  }),
  operation({
    id: 'getWorkspace',
    method: 'get',
    path: '/v1/workspaces/{organization}/{workspace}',
    summary: 'Get a workspace',
    responses: { 200: 'workspace' },
    problems: WORKSPACE,
    handle: async ({ ledger, user }, { params }) => {
      const scope = await findWorkspace(ledger.db, `${params.organization}/${params.workspace}`);
      return { status: 200, body: await describeWorkspace(ledger.db, user, scope) };
    },
  }),
  operation({
    id: 'removeWorkspace',
    method: 'delete',
    path: '/v1/workspaces/{organization}/{workspace}',
    summary: 'Remove a workspace and its secrets',
    responses: { 204: null },
    problems: [...WORKSPACE, 'in-use', 'not-permitted'],
    handle: async ({ ledger, user }, { params }) => {
      const scope = await findWorkspace(ledger.db, `${params.organization}/${params.workspace}`);
      await removeWorkspace(ledger, user, scope);
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
