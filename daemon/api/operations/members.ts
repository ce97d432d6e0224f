import { listMembers } from '../../access/members/list-members.ts';
import {
  addOrganizationMember,
  changeOrganizationMember,
  listOrganizationMembers,
  removeOrganizationMember,
} from '../../access/members/organization-members.ts';
import { addMember, changeMember, removeMember } from '../../access/members/workspace-members.ts';
import type { Member, OrganizationMember } from '../../contract/types.ts';
import { operation, type Operation } from '../routing/operation.ts';
import { pageIn } from './page-limits.ts';
import { WORKSPACE } from './problem-groups.ts';
import { scopeOf } from './workspace-scope.ts';

const CHANGE_MEMBER = [...WORKSPACE, 'workspace-personal', 'not-permitted'] as const;
const CHANGE_ORGANIZATION = ['organization-not-found', 'not-permitted'] as const;

/** Operations on the members of workspaces. */
export const memberOperations: readonly Operation[] = [
  operation({
    id: 'listMembers',
    method: 'get',
    path: '/v1/workspaces/{organization}/{workspace}/members',
    summary: 'List the members of a workspace',
    description:
      'Lists all principals that have a role in the workspace, including roles that come from the organization. On a daemon, the only member is its user.',
    permission: 'members:read',
    query: 'page-query',
    responses: { 200: 'member-list' },
    problems: [...WORKSPACE, 'cursor-invalid'],
    handle: async (served, { params, query, principal }) => {
      const scope = await scopeOf(served, principal, params);
      const { items, ...next } = await listMembers(served.ledger.db, principal, scope, pageIn(query));
      return { status: 200, body: { members: [...items], ...next } };
    },
  }),
  operation({
    id: 'addMember',
    method: 'post',
    path: '/v1/workspaces/{organization}/{workspace}/members',
    summary: 'Add a member to a workspace',
    description:
      'The new member must already be a member of the organization, or be one of its service accounts. The role must not be higher than the role of the caller.',
    permission: 'members:write',
    ofTeamServer: true,
    request: 'member-input',
    tagged: true,
    repeatable: 201,
    responses: { 201: 'member' },
    problems: [...CHANGE_MEMBER, 'user-not-found', 'service-account-not-found', 'name-taken'],
    handle: async (served, { params, body, remember, principal }) => {
      const scope = await scopeOf(served, principal, params);
      const added = await addMember(served.ledger, principal, scope, body, remember);
      return { status: 201, body: added, etag: added.etag };
    },
    repeat: async (_served, _call, remembered) => remembered as Member,
  }),
  operation({
    id: 'updateMember',
    method: 'patch',
    path: '/v1/workspaces/{organization}/{workspace}/members/{member}',
    summary: 'Change the role of a member of a workspace',
    permission: 'members:write',
    ofTeamServer: true,
    request: 'member-change',
    tagged: true,
    preconditions: ['If-Match'],
    responses: { 200: 'member' },
    problems: [...CHANGE_MEMBER, 'member-not-found'],
    handle: async (served, { params, body, precondition, principal }) => {
      const scope = await scopeOf(served, principal, params);
      const change = { user: params.member, role: body.role };
      const changed = await changeMember(served.ledger, principal, scope, change, precondition);
      return { status: 200, body: changed, etag: changed.etag };
    },
  }),
  operation({
    id: 'removeMember',
    method: 'delete',
    path: '/v1/workspaces/{organization}/{workspace}/members/{member}',
    summary: 'Remove a member from a workspace',
    permission: 'members:write',
    ofTeamServer: true,
    preconditions: ['If-Match'],
    responses: { 204: null },
    problems: [...CHANGE_MEMBER, 'member-not-found'],
    handle: async (served, { params, precondition, principal }) => {
      const scope = await scopeOf(served, principal, params);
      await removeMember(served.ledger, principal, scope, params.member, precondition);
      return { status: 204, body: undefined };
    },
  }),
];

/** Operations on the members of organizations. */
export const organizationMemberOperations: readonly Operation[] = [
  operation({
    id: 'listOrganizationMembers',
    method: 'get',
    path: '/v1/organizations/{organization}/members',
    summary: 'List the members of an organization',
    permission: 'organization_members:read',
    ofTeamServer: true,
    query: 'page-query',
    responses: { 200: 'organization-member-list' },
    problems: ['organization-not-found', 'cursor-invalid'],
    handle: async ({ ledger }, { params, query }) => {
      const { items, ...next } = await listOrganizationMembers(ledger.db, params.organization, pageIn(query));
      return { status: 200, body: { members: [...items], ...next } };
    },
  }),
  operation({
    id: 'addOrganizationMember',
    method: 'post',
    path: '/v1/organizations/{organization}/members',
    summary: 'Add a user to an organization',
    permission: 'organization_members:write',
    ofTeamServer: true,
    request: 'organization-member-input',
    tagged: true,
    repeatable: 201,
    responses: { 201: 'organization-member' },
    problems: [...CHANGE_ORGANIZATION, 'user-not-found', 'name-taken'],
    handle: async ({ ledger }, { params, body, remember, principal }) => {
      const added = await addOrganizationMember(ledger, principal, params.organization, body, remember);
      return { status: 201, body: added, etag: added.etag };
    },
    repeat: async (_served, _call, remembered) => remembered as OrganizationMember,
  }),
  operation({
    id: 'updateOrganizationMember',
    method: 'patch',
    path: '/v1/organizations/{organization}/members/{member}',
    summary: 'Change the role of a member of an organization',
    description: 'Fails with `last-owner` if the organization would have no owner with an active account.',
    permission: 'organization_members:write',
    ofTeamServer: true,
    request: 'organization-member-change',
    tagged: true,
    preconditions: ['If-Match'],
    responses: { 200: 'organization-member' },
    problems: [...CHANGE_ORGANIZATION, 'member-not-found', 'last-owner'],
    handle: async ({ ledger }, { params: { organization, member }, body, precondition, principal }) => {
      const change = { user: member, role: body.role };
      const changed = await changeOrganizationMember(ledger, principal, organization, change, precondition);
      return { status: 200, body: changed, etag: changed.etag };
    },
  }),
  operation({
    id: 'removeOrganizationMember',
    method: 'delete',
    path: '/v1/organizations/{organization}/members/{member}',
    summary: 'Remove a member from an organization and all its workspaces',
    description:
      'Members can remove themselves if they send the request in a session, not with a token. Removing another member requires the permission `organization_members:write`. Fails with `last-owner` for the last owner with an active account.',
    permission: 'organization_members:read', // to leave; the function requires more to remove another member
    ofTeamServer: true,
    preconditions: ['If-Match'],
    responses: { 204: null },
    problems: [...CHANGE_ORGANIZATION, 'member-not-found', 'last-owner'],
    handle: async ({ ledger }, { params: { organization, member }, precondition, principal }) => {
      await removeOrganizationMember(ledger, principal, organization, member, precondition);
      return { status: 204, body: undefined };
    },
  }),
];
