import { openApi, ownApi } from '../routing/openapi.ts';
import { operation, type Operation, type OperationGroup } from '../routing/operation.ts';
import { platformApi, platformGroup } from '../seqera-platform/operations.ts';
import { computeEnvironmentOperations } from './compute-environments.ts';
import { daemonOperations } from './daemon.ts';
import { deliveryOperations } from './deliveries.ts';
import { launchOperations } from './launches.ts';
import { dashboardOperations } from './dashboard.ts';
import { memberOperations, organizationMemberOperations } from './members.ts';
import { releaseOperations } from './releases.ts';
import { runNameOperations } from './run-names.ts';
import { runOperations } from './runs.ts';
import { secretOperations } from './secrets.ts';
import { serverEnvironmentOperations } from './server-environments.ts';
import { vaultOperations } from './vault.ts';
import { accountOperations, allSignInOperations } from './team.ts';
import { organizationOperations, workspaceOperations } from './workspaces.ts';

const description = operation({
  id: 'getDescription',
  method: 'get',
  path: '/v1/openapi.json',
  summary: 'Get this description as OpenAPI 3.1',
  responses: { 200: { type: 'application/json' } },
  handle: ({ version, needsToken }) => ({
    status: 200,
    body: openApi(version, operationGroups, ownApi(needsToken)),
  }),
});

const metrics = operation({
  id: 'getMetrics',
  method: 'get',
  path: '/metrics',
  summary: 'Get metrics in the text format of Prometheus',
  description: 'Over TCP, requests can use the scrape token instead of the token of the listener.',
  access: 'scrape',
  responses: { 200: { type: 'text/plain' } },
  handle: async ({ recorder }) => {
    const found = await recorder.metrics();
    return { status: 200, body: await found.text() };
  },
});

const platformDescription = operation({
  id: 'getPlatformDescription',
  method: 'get',
  path: '/v1/seqera-platform/openapi.json',
  summary: 'Get the description of the routes for clients of Seqera Platform as OpenAPI 3.1',
  responses: { 200: { type: 'application/json' } },
  handle: ({ version, needsToken }) => ({
    status: 200,
    body: openApi(version, [platformGroup], { ...platformApi, needsToken }),
  }),
});

/** All operations under `/v1` by group. Routes, `/v1/openapi.json` and docs/api.md derive from this table. */
export const operationGroups: readonly OperationGroup[] = [
  {
    title: 'Daemon',
    description: 'Health, status, events and audit log of the daemon',
    operations: [...daemonOperations, metrics, description, platformDescription],
  },
  {
    title: 'Web page',
    description: 'Sign-in of the web page',
    operations: dashboardOperations,
  },
  {
    title: 'Runs',
    description: 'Runs, from the plan to the receipt',
    operations: [...runOperations, ...runNameOperations],
  },
  {
    title: 'Launches',
    description: "Runs that the daemon starts, for clients without a shell on the daemon's host",
    operations: launchOperations,
  },
  {
    title: 'Organizations',
    description: 'Organizations, each of which owns workspaces',
    operations: [...organizationOperations, ...organizationMemberOperations],
  },
  {
    title: 'Workspaces',
    description: 'Workspaces, each of which is a set of secrets and runs',
    operations: [...workspaceOperations, ...memberOperations],
  },
  {
    title: 'Secrets',
    description: 'Secrets of workspaces and of the user. Values are write-only',
    operations: secretOperations,
  },
  {
    title: 'Accounts',
    description: 'Users, invitations, service accounts and tokens of a team server',
    operations: accountOperations,
  },
  {
    title: 'Sign-in',
    description: 'Sign-in of people with a browser, and of their terminals',
    operations: allSignInOperations,
  },
  {
    title: 'Releases',
    description: 'Secrets of a team server for runs of daemons',
    operations: [...releaseOperations, ...deliveryOperations],
  },
  {
    title: 'Compute environments',
    description: 'Environments in which runs are executed',
    operations: [...computeEnvironmentOperations, ...serverEnvironmentOperations],
  },
  {
    title: 'Vault',
    description: 'Key that encrypts secret values; export and import of secrets',
    operations: vaultOperations,
  },
];

export const operations: readonly Operation[] = operationGroups.flatMap((group) => group.operations);
