/** An operation of the API. `query`, `request` and `answer` name a file in schemas/, without its extension. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly path: string;
  readonly summary: string;
  readonly query?: string;
  readonly request?: string;
  readonly answer?: string;
  /** HTTP status of success; default 200. */
  readonly status?: number;
}

const SECRETS = '/v1/workspaces/{organization}/{workspace}/secrets';
const OWN = '/v1/user/secrets';

/** All operations. `/v1/openapi.json` and docs/api.md are generated from this list; a test calls each one. */
export const operations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/health',
    summary: 'Check that the daemon and its ledger work',
    answer: 'health',
  },
  { method: 'get', path: '/v1/daemon', summary: 'Show the status of the daemon', answer: 'daemon-status' },
  {
    method: 'post',
    path: '/v1/daemon/stop',
    summary: 'Shut the daemon down gracefully. Runs continue',
    answer: 'daemon-status',
    status: 202,
  },
  { method: 'get', path: '/v1/openapi.json', summary: 'Get this description as OpenAPI 3.1' },
  {
    method: 'post',
    path: '/v1/runs',
    summary: 'Plan a run and deliver its secrets. With `explain`, only plan it',
    request: 'run-request',
    answer: 'run-start',
    status: 201,
  },
  {
    method: 'get',
    path: '/v1/runs',
    summary: 'List runs, newest first',
    query: 'run-query',
    answer: 'run-list',
  },
  {
    method: 'post',
    path: '/v1/runs/prune',
    summary: 'Delete the records of old purged runs',
    request: 'run-prune',
  },
  {
    method: 'get',
    path: '/v1/runs/{id}',
    summary:
      "Get a run by id, unique id prefix, or Nextflow's run name. If several runs have the name, the newest live one",
    answer: 'run',
  },
  {
    method: 'get',
    path: '/v1/runs/{id}/tasks',
    summary: "List a run's tasks, from the plugin's events and the trace",
    answer: 'task-list',
  },
  {
    method: 'get',
    path: '/v1/runs/{id}/receipt',
    summary: 'Get the receipt: what was delivered, when it was removed, how its absence was verified',
    answer: 'receipt',
  },
  {
    method: 'post',
    path: '/v1/runs/{id}/receipt',
    summary: 'Verify now that everything delivered is absent, and return the receipt with the result',
    request: 'run-purge',
    answer: 'receipt',
  },
  {
    method: 'get',
    path: '/v1/runs/{id}/events',
    summary:
      'Stream the journal as server-sent events (journal-event.json) until the run is purged. `Last-Event-ID` resumes',
  },
  {
    method: 'post',
    path: '/v1/runs/{id}/submit',
    summary: "Submit the head to the scheduler. Requires the launcher's environment in the run directory",
    request: 'run-submission',
    answer: 'run',
  },
  {
    method: 'post',
    path: '/v1/runs/{id}/cancel',
    summary:
      'Stop the head, or cancel the orphaned jobs of an ended run. Fails for a name that several live runs have',
    answer: 'run',
  },
  {
    method: 'post',
    path: '/v1/runs/{id}/purge',
    summary:
      'Remove everything that was delivered. Fails if the run may be alive, unless `?force=true`. With `?ended=true`, orphaned jobs may delay the removal. Fails for a name that several live runs have',
    request: 'run-purge',
    answer: 'run',
  },
  {
    method: 'get',
    path: '/v1/exposures',
    summary: 'List files in which secret values were found',
    answer: 'exposure-list',
  },
  { method: 'get', path: '/v1/organizations', summary: 'List organizations', answer: 'organization-list' },
  {
    method: 'post',
    path: '/v1/organizations',
    summary: 'Create an organization',
    request: 'organization-input',
    answer: 'organization',
    status: 201,
  },
  { method: 'get', path: '/v1/organizations/{name}', summary: 'Get an organization', answer: 'organization' },
  {
    method: 'delete',
    path: '/v1/organizations/{name}',
    summary: 'Remove an organization. Fails if it has workspaces',
    status: 204,
  },
  { method: 'get', path: '/v1/workspaces', summary: 'List workspaces', answer: 'workspace-list' },
  {
    method: 'post',
    path: '/v1/workspaces',
    summary: 'Create a workspace',
    request: 'workspace-input',
    answer: 'workspace',
    status: 201,
  },
  {
    method: 'get',
    path: '/v1/workspaces/{organization}/{workspace}',
    summary: 'Get a workspace',
    answer: 'workspace',
  },
  {
    method: 'delete',
    path: '/v1/workspaces/{organization}/{workspace}',
    summary: 'Remove a workspace and its secrets',
    status: 204,
  },
  {
    method: 'get',
    path: '/v1/workspaces/{organization}/{workspace}/members',
    summary: 'List the members of a workspace',
    answer: 'member-list',
  },
  ...[SECRETS, OWN].flatMap((path): Operation[] => [
    {
      method: 'get',
      path,
      summary: 'List secrets: names, dates, last use. Never values',
      answer: 'secret-list',
    },
    {
      method: 'post',
      path: `${path}/import`,
      summary: 'Set several secrets, all or none',
      request: 'import-request',
      answer: 'import-result',
    },
    {
      method: 'put',
      path: `${path}/{name}`,
      summary: 'Set a secret. Status 201 if it is new',
      request: 'secret-input',
    },
    { method: 'delete', path: `${path}/{name}`, summary: 'Remove a secret', status: 204 },
  ]),
  {
    method: 'get',
    path: '/v1/compute-envs',
    summary: 'List compute environments',
    answer: 'compute-environment-list',
  },
  {
    method: 'post',
    path: '/v1/compute-envs',
    summary: 'Create a compute environment',
    request: 'compute-environment-input',
    answer: 'compute-environment',
    status: 201,
  },
  {
    method: 'get',
    path: '/v1/compute-envs/{name}',
    summary: 'Get a compute environment',
    answer: 'compute-environment',
  },
  {
    method: 'patch',
    path: '/v1/compute-envs/{name}',
    summary: 'Update a compute environment',
    request: 'compute-environment-change',
    answer: 'compute-environment',
  },
  {
    method: 'post',
    path: '/v1/compute-envs/{name}/check',
    summary:
      'Check the AWS permissions that the compute environment needs, by default for runs of the default workspace',
    query: 'check-query',
    answer: 'doctor-report',
  },
  {
    method: 'post',
    path: '/v1/compute-envs/{name}/probe',
    summary:
      'Run a job on AWS Batch that receives a temporary secret, and remove both. The response arrives when the test ends',
    request: 'probe-request',
    answer: 'doctor-report',
  },
  {
    method: 'post',
    path: '/v1/compute-envs/{name}/sweep',
    summary: 'List objects that lost machines left in AWS. With `?remove=true`, remove them',
    answer: 'leftovers',
  },
  { method: 'delete', path: '/v1/compute-envs/{name}', summary: 'Remove a compute environment', status: 204 },
  {
    method: 'get',
    path: '/v1/vault',
    summary: 'Show the state of the vault and the source of its key',
    answer: 'vault-status',
  },
  {
    method: 'post',
    path: '/v1/vault/unlock',
    summary: 'Unlock the vault with its passphrase',
    request: 'vault-unlock',
    answer: 'vault-status',
  },
  {
    method: 'post',
    path: '/v1/vault/rekey',
    summary: 'Encrypt all values with a new key',
    request: 'vault-rekey',
  },
  {
    method: 'post',
    path: '/v1/vault/export',
    summary: 'Export all secrets, encrypted with age, as text',
    request: 'vault-export-request',
  },
  {
    method: 'post',
    path: '/v1/vault/import',
    summary: 'Import an export, all or nothing',
    request: 'vault-import-request',
    answer: 'import-result',
  },
  {
    method: 'get',
    path: '/v1/audit',
    summary: 'List the audit log, newest first',
    query: 'audit-query',
    answer: 'audit',
  },
];
