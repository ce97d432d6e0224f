import { openApi } from '../routing/openapi.ts';
import { operation, type Operation, type OperationGroup } from '../routing/operation.ts';
import { computeEnvironmentOperations } from './compute-environments.ts';
import { daemonOperations } from './daemon.ts';
import { runOperations } from './runs.ts';
import { secretOperations } from './secrets.ts';
import { vaultOperations } from './vault.ts';
import { organizationOperations, workspaceOperations } from './workspaces.ts';

const description = operation({
  id: 'getDescription',
  method: 'get',
  path: '/v1/openapi.json',
  summary: 'Get this description as OpenAPI 3.1',
  responses: { 200: { type: 'application/json' } },
  handle: ({ version }) => ({ status: 200, body: openApi(version, operationGroups) }),
});

/** All operations by group. Routes, `/v1/openapi.json` and docs/api.md derive from this table. */
export const operationGroups: readonly OperationGroup[] = [
  {
    title: 'Daemon',
    description: 'Health, status and records of the daemon',
    operations: [...daemonOperations, description],
  },
  { title: 'Runs', description: 'Runs from their plan to their receipt', operations: runOperations },
  { title: 'Organizations', description: 'Owners of workspaces', operations: organizationOperations },
  { title: 'Workspaces', description: 'Sets of secrets and runs', operations: workspaceOperations },
  {
    title: 'Secrets',
    description: 'Secrets of workspaces and of the user. Values are write-only',
    operations: secretOperations,
  },
  {
    title: 'Compute environments',
    description: 'Environments in which runs execute',
    operations: computeEnvironmentOperations,
  },
  {
    title: 'Vault',
    description: 'The key that encrypts secret values, export and import',
    operations: vaultOperations,
  },
];

export const operations: readonly Operation[] = operationGroups.flatMap((group) => group.operations);
