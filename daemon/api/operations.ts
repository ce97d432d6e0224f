/** One thing that the API does. Bodies are named by their file in schemas/, without its ending. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly path: string;
  readonly summary: string;
  readonly request?: string;
  readonly answer?: string;
  /** Of success; 200 where it is not named. */
  readonly status?: number;
}

const SECRETS = '/v1/workspaces/{organization}/{workspace}/secrets';
const OWN = '/v1/user/secrets';

/** The list behind `/v1/openapi.json` and docs/api.md; a test asks the server for each. */
export const operations: readonly Operation[] = [
  { method: 'get', path: '/v1/health', summary: 'Whether the daemon and its ledger work', answer: 'health' },
  { method: 'get', path: '/v1/daemon', summary: 'The daemon itself', answer: 'daemon-status' },
  {
    method: 'post',
    path: '/v1/daemon/stop',
    summary: 'End the daemon; runs go on',
    answer: 'daemon-status',
    status: 202,
  },
  { method: 'get', path: '/v1/openapi.json', summary: 'This description' },
  {
    method: 'post',
    path: '/v1/runs',
    summary: 'Plan a run and place its secrets',
    request: 'run-request',
    answer: 'run-start',
    status: 201,
  },
  {
    method: 'get',
    path: '/v1/runs',
    summary: 'Runs, newest first; a query as in run-query.json',
    answer: 'run-list',
  },
  {
    method: 'post',
    path: '/v1/runs/prune',
    summary: 'Forget old runs of which nothing is left',
    request: 'run-prune',
  },
  {
    method: 'get',
    path: '/v1/runs/{id}',
    summary:
      "One run, by id, a unique beginning of one, or Nextflow's run name; of several with that name the newest live one",
    answer: 'run',
  },
  {
    method: 'get',
    path: '/v1/runs/{id}/tasks',
    summary: 'Its tasks, as the plugin and the trace tell',
    answer: 'task-list',
  },
  {
    method: 'get',
    path: '/v1/runs/{id}/receipt',
    summary: 'What was placed, when it went, how that was checked',
    answer: 'receipt',
  },
  {
    method: 'post',
    path: '/v1/runs/{id}/receipt',
    summary: 'Look again now at everything that was placed, and give the receipt with what was found',
    request: 'run-purge',
    answer: 'receipt',
  },
  {
    method: 'get',
    path: '/v1/runs/{id}/events',
    summary:
      'Its journal as server-sent events, each as in journal-event.json; Last-Event-ID resumes; ends when it is purged',
  },
  {
    method: 'post',
    path: '/v1/runs/{id}/submit',
    summary: 'Hand its head to the scheduler, once its environment lies in the run directory',
    request: 'run-submission',
    answer: 'run',
  },
  {
    method: 'post',
    path: '/v1/runs/{id}/cancel',
    summary:
      'Ask its head to end; of a run that is over, the jobs it has left; refused for a name that several live runs have',
    answer: 'run',
  },
  {
    method: 'post',
    path: '/v1/runs/{id}/purge',
    summary:
      'Remove what is left; refused while it may be alive, unless with ?force=true; ?ended=true: unless jobs of it may hold it back; refused for a name that several live runs have',
    request: 'run-purge',
    answer: 'run',
  },
  {
    method: 'get',
    path: '/v1/exposures',
    summary: 'Secrets that pipelines wrote into files of their tasks',
    answer: 'exposure-list',
  },
  { method: 'get', path: '/v1/organizations', summary: 'Organizations', answer: 'organization-list' },
  {
    method: 'post',
    path: '/v1/organizations',
    summary: 'Make an organization',
    request: 'organization-input',
    answer: 'organization',
    status: 201,
  },
  { method: 'get', path: '/v1/organizations/{name}', summary: 'One organization', answer: 'organization' },
  {
    method: 'delete',
    path: '/v1/organizations/{name}',
    summary: 'Remove an organization without workspaces',
    status: 204,
  },
  { method: 'get', path: '/v1/workspaces', summary: 'Workspaces', answer: 'workspace-list' },
  {
    method: 'post',
    path: '/v1/workspaces',
    summary: 'Make a workspace',
    request: 'workspace-input',
    answer: 'workspace',
    status: 201,
  },
  {
    method: 'get',
    path: '/v1/workspaces/{organization}/{workspace}',
    summary: 'One workspace',
    answer: 'workspace',
  },
  {
    method: 'delete',
    path: '/v1/workspaces/{organization}/{workspace}',
    summary: 'Remove a workspace with its secrets',
    status: 204,
  },
  {
    method: 'get',
    path: '/v1/workspaces/{organization}/{workspace}/members',
    summary: 'Who takes part',
    answer: 'member-list',
  },
  ...[SECRETS, OWN].flatMap((path): Operation[] => [
    { method: 'get', path, summary: 'Names, dates, last use; never a value', answer: 'secret-list' },
    {
      method: 'post',
      path: `${path}/import`,
      summary: 'Set many, all or none',
      request: 'import-request',
      answer: 'import-result',
    },
    { method: 'put', path: `${path}/{name}`, summary: 'Set one; 201 for a new one', request: 'secret-input' },
    { method: 'delete', path: `${path}/{name}`, summary: 'Remove one', status: 204 },
  ]),
  {
    method: 'get',
    path: '/v1/compute-envs',
    summary: 'Compute environments',
    answer: 'compute-environment-list',
  },
  {
    method: 'post',
    path: '/v1/compute-envs',
    summary: 'Make one',
    request: 'compute-environment-input',
    answer: 'compute-environment',
    status: 201,
  },
  {
    method: 'get',
    path: '/v1/compute-envs/{name}',
    summary: 'One compute environment',
    answer: 'compute-environment',
  },
  {
    method: 'patch',
    path: '/v1/compute-envs/{name}',
    summary: 'Change it',
    request: 'compute-environment-change',
    answer: 'compute-environment',
  },
  {
    method: 'post',
    path: '/v1/compute-envs/{name}/check',
    summary:
      'Ask AWS whether it permits what this one needs; for the default workspace; a query as in check-query.json',
    answer: 'doctor-report',
  },
  {
    method: 'post',
    path: '/v1/compute-envs/{name}/probe',
    summary: 'Have a job on AWS Batch be given a throw-away secret; answers when that is over and removed',
    request: 'probe-request',
    answer: 'doctor-report',
  },
  {
    method: 'post',
    path: '/v1/compute-envs/{name}/sweep',
    summary: 'Find what dead machines left in AWS; with ?remove=true remove it',
    answer: 'leftovers',
  },
  { method: 'delete', path: '/v1/compute-envs/{name}', summary: 'Remove it', status: 204 },
  {
    method: 'get',
    path: '/v1/vault',
    summary: 'Whether the vault opens, and by what',
    answer: 'vault-status',
  },
  {
    method: 'post',
    path: '/v1/vault/unlock',
    summary: 'Give its passphrase',
    request: 'vault-unlock',
    answer: 'vault-status',
  },
  { method: 'post', path: '/v1/vault/rekey', summary: 'Give it a new key', request: 'vault-rekey' },
  {
    method: 'post',
    path: '/v1/vault/export',
    summary: 'All secrets, encrypted with age; text',
    request: 'vault-export-request',
  },
  {
    method: 'post',
    path: '/v1/vault/import',
    summary: 'Take an export in, all or nothing',
    request: 'vault-import-request',
    answer: 'import-result',
  },
  {
    method: 'get',
    path: '/v1/audit',
    summary: 'What people did, newest first; a query as in audit-query.json',
    answer: 'audit',
  },
];
