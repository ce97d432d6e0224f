import { operation, type Operation } from '../routing/operation.ts';
import { streamEvents } from '../events.ts';
import { AWS, VAULT_KEY } from './problem-groups.ts';

const LIST_DEFAULT = 50;
/** One argument of a command line can have 128 KiB: execve(2). */
const REQUEST_MAX = 4 * 1024 * 1024;

const FIND = ['run-not-found', 'run-ambiguous'] as const;
/** Errors of removing what was delivered. */
const PURGE = [
  ...FIND,
  'run-alive',
  'state-conflict',
  'scheduler-unavailable',
  'scheduler-rejected',
  'compute-environment-not-found',
  'compute-environment-invalid',
  ...AWS,
  'path-conflict',
  'permissions-too-open',
] as const;

/** Operations on runs. */
export const runOperations: readonly Operation[] = [
  operation({
    id: 'createRun',
    method: 'post',
    path: '/v1/runs',
    summary: 'Plan a run and deliver its secrets',
    description:
      'With `explain`, plans the run only: the response has status 200 and contains only the plan. Otherwise the caller starts the head with the command in `start`.',
    request: 'run-request',
    requestMax: REQUEST_MAX,
    responses: { 200: 'run-start', 201: 'run-start' },
    problems: [
      'not-permitted',
      'workspace-not-found',
      'workspace-personal',
      'compute-environment-not-found',
      'compute-environment-invalid',
      'secret-not-available',
      'secret-not-found',
      'secret-corrupt',
      'name-invalid',
      'value-not-deliverable',
      ...VAULT_KEY,
      'writable-by-others',
      'config-invalid',
      'local-store-unreadable',
      'plugin-unusable',
      'nextflow-missing',
      'state-conflict',
      ...AWS,
    ],
    handle: async ({ runs }, { body }) =>
      body.explain === true
        ? { status: 200, body: { plan: await runs.explain(body) } }
        : { status: 201, body: await runs.create(body) },
  }),
  operation({
    id: 'listRuns',
    method: 'get',
    path: '/v1/runs',
    summary: 'List runs, newest first',
    query: 'run-query',
    responses: { 200: 'run-list' },
    problems: [...FIND, 'workspace-not-found'],
    handle: async ({ runs }, { query: { limit = LIST_DEFAULT, ...filter } }) => ({
      status: 200,
      body: { runs: await runs.list({ limit, ...filter }) },
    }),
  }),
  operation({
    id: 'pruneRuns',
    method: 'post',
    path: '/v1/runs/prune',
    summary: 'Delete the records of old purged runs',
    request: 'run-prune',
    responses: { 200: 'prune-result' },
    handle: async ({ runs }, { body }) => ({ status: 200, body: { pruned: await runs.prune(body.days) } }),
  }),
  operation({
    id: 'getRun',
    method: 'get',
    path: '/v1/runs/{run}',
    summary: 'Get a run',
    description: 'If several runs have the name, returns the newest live one.',
    responses: { 200: 'run' },
    problems: FIND,
    handle: async ({ runs }, { params }) => ({ status: 200, body: await runs.find(params.run) }),
  }),
  operation({
    id: 'listTasks',
    method: 'get',
    path: '/v1/runs/{run}/tasks',
    summary: 'List the tasks of a run',
    description: "The tasks come from the plugin's events and from the trace.",
    responses: { 200: 'task-list' },
    problems: FIND,
    handle: async ({ runs }, { params }) => ({ status: 200, body: await runs.tasks(params.run) }),
  }),
  operation({
    id: 'getReceipt',
    method: 'get',
    path: '/v1/runs/{run}/receipt',
    summary: 'Get the receipt of a run',
    description: 'The receipt says what was delivered, when it was removed and how its absence was verified.',
    responses: { 200: 'receipt' },
    problems: FIND,
    handle: async ({ runs }, { params }) => ({ status: 200, body: await runs.receipt(params.run) }),
  }),
  operation({
    id: 'checkReceipt',
    method: 'post',
    path: '/v1/runs/{run}/receipt',
    summary: 'Verify now that everything delivered is absent',
    description: 'Returns the receipt with the result of the verification.',
    request: 'run-purge',
    requestOptional: true,
    responses: { 200: 'receipt' },
    problems: PURGE,
    handle: async ({ runs }, { params, body }) => ({
      status: 200,
      body: await runs.checkedReceipt(params.run, body.awsCredentials),
    }),
  }),
  operation({
    id: 'streamRunEvents',
    method: 'get',
    path: '/v1/runs/{run}/events',
    summary: 'Stream the journal of a run as server-sent events',
    description: 'Each event has the data of `journal-event`. The stream ends when the run is purged.',
    headers: ['Last-Event-ID'],
    responses: { 200: { type: 'text/event-stream', schema: 'journal-event' } },
    problems: FIND,
    handle: ({ ledger, runs }, { params, headers }, response) =>
      streamEvents({ ledger, runs }, params.run, headers['last-event-id'], response),
  }),
  operation({
    id: 'submitRun',
    method: 'post',
    path: '/v1/runs/{run}/submit',
    summary: 'Submit the head of a run to the scheduler',
    description: "Requires the launcher's environment in the run directory.",
    request: 'run-submission',
    requestMax: REQUEST_MAX,
    responses: { 200: 'run' },
    problems: [
      ...FIND,
      'state-conflict',
      'scheduler-unavailable',
      'scheduler-rejected',
      'compute-environment-not-found',
      'compute-environment-invalid',
      'store-unavailable',
      'path-conflict',
      'permissions-too-open',
    ],
    handle: async ({ runs }, { params, body }) => ({
      status: 200,
      body: await runs.submit(params.run, body.arguments),
    }),
  }),
  operation({
    id: 'cancelRun',
    method: 'post',
    path: '/v1/runs/{run}/cancel',
    summary: 'Stop the head of a run, or cancel the orphaned jobs of an ended run',
    description: 'Fails for a name that several live runs have.',
    responses: { 200: 'run' },
    problems: PURGE,
    handle: async ({ runs }, { params }) => ({ status: 200, body: await runs.cancel(params.run) }),
  }),
  operation({
    id: 'purgeRun',
    method: 'post',
    path: '/v1/runs/{run}/purge',
    summary: 'Remove everything that was delivered for a run',
    description:
      'Fails for a name that several live runs have, and, without `force`, for a run that may be alive.',
    query: 'run-purge-query',
    request: 'run-purge',
    requestOptional: true,
    responses: { 200: 'run' },
    problems: PURGE,
    handle: async ({ runs }, { params, query: { force = false, ended = false }, body }) => ({
      status: 200,
      body: await runs.purge(params.run, { force, asked: !ended }, body.awsCredentials),
    }),
  }),
];
