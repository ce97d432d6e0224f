import { permitted } from '../../access/permissions.ts';
import type { RunList } from '../../contract/types.ts';
import type { Runs } from '../../runs/runs.ts';
import { permittedRuns } from '../../runs/records/permitted-runs.ts';
import { SharedBodies } from '../routing/shared-bodies.ts';
import { operation, type Operation } from '../routing/operation.ts';
import type { RememberedRun } from '../../runs/materialize/remembered-run.ts';
import { sendRunEvents } from '../events/send-events.ts';
import { streamLog } from '../log.ts';
import { pageIn } from './page-limits.ts';
import { AWS, CREATE_RUN } from './problem-groups.ts';

const LIST_DEFAULT = 50;
const TASKS_DEFAULT = 100;
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

/** Requests within a short time share the result of `Runs.list`. */
const lists = new SharedBodies<Awaited<ReturnType<Runs['list']>>, RunList>();

/** Operations on runs. */
export const runOperations: readonly Operation[] = [
  operation({
    id: 'createRun',
    method: 'post',
    path: '/v1/runs',
    summary: 'Plan a run and deliver its secrets',
    description:
      'The caller starts the head with the command in `start` of the response. With `explain`, the daemon only plans the run, and responds with status 200 and the plan. A retry with the same Idempotency-Key returns the same run. The response contains `start` only while the run can still be started.',
    request: 'run-request',
    requestMax: REQUEST_MAX,
    repeatable: 201,
    responses: { 200: 'run-start', 201: 'run-start' },
    problems: CREATE_RUN,
    handle: async ({ runs }, { body, remember }) =>
      body.explain === true
        ? { status: 200, body: { plan: await runs.explain(body) } }
        : { status: 201, body: await runs.create(body, remember) },
    repeat: async ({ runs }, { body }, remembered) => runs.repeat(body, remembered as RememberedRun),
  }),
  operation({
    id: 'listRuns',
    method: 'get',
    path: '/v1/runs',
    summary: 'List runs, newest first',
    permission: 'runs:read',
    query: 'run-query',
    responses: { 200: 'run-list' },
    problems: ['cursor-invalid', 'request-unprocessable'],
    handle: async ({ runs, ledger }, { query, principal }) => {
      const page = await runs.list({ ...query, ...pageIn(query, LIST_DEFAULT) }, principal);
      const { items, ...next } = page;
      const withRole = await permittedRuns(ledger.db, principal, items);
      const body = lists.of(page, principal, () => ({ runs: items.map(withRole), ...next }));
      return { status: 200, body, isShared: true };
    },
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
    permission: 'runs:read',
    description:
      'If several runs have the given name, returns the newest live run with this name or, if none is live, the newest.',
    responses: { 200: 'run' },
    problems: FIND,
    handle: async ({ runs, ledger }, { params, principal }) => {
      const run = await runs.find(params.run);
      return { status: 200, body: (await permittedRuns(ledger.db, principal, [run]))(run) };
    },
  }),
  operation({
    id: 'listTasks',
    method: 'get',
    path: '/v1/runs/{run}/tasks',
    summary: 'List the tasks of a run',
    permission: 'runs:read',
    description: "The information about tasks comes from the plugin's events and from Nextflow's trace.",
    query: 'task-query',
    responses: { 200: 'task-list' },
    problems: [...FIND, 'cursor-invalid', 'request-unprocessable'],
    handle: async ({ runs }, { params, query }) => ({
      status: 200,
      body: await runs.tasks(params.run, { ...query, ...pageIn(query, TASKS_DEFAULT) }),
    }),
  }),
  operation({
    id: 'getProgress',
    method: 'get',
    path: '/v1/runs/{run}/progress',
    summary: 'Count the tasks of a run by state and process',
    permission: 'runs:read',
    responses: { 200: 'run-progress' },
    problems: FIND,
    handle: async ({ runs }, { params }) => ({ status: 200, body: await runs.progress(params.run) }),
  }),
  operation({
    id: 'listRunUses',
    method: 'get',
    path: '/v1/runs/{run}/uses',
    summary: 'List the secrets of a run and the processes that received them',
    permission: 'runs:read',
    description:
      "Lists the deliveries of nf-escrow's secrets to the run, and the processes whose tasks received them. Tasks can forge the information about processes.",
    query: 'page-query',
    responses: { 200: 'run-use-list' },
    problems: [...FIND, 'cursor-invalid'],
    handle: async ({ runs }, { params, query }) => ({
      status: 200,
      body: await runs.uses(params.run, pageIn(query)),
    }),
  }),
  operation({
    id: 'getRunLog',
    method: 'get',
    path: '/v1/runs/{run}/log',
    summary: 'Get the log of a run, or a range of it, with secret values masked',
    description:
      "The log is the output of a detached run, or Nextflow's log of another run. The response contains `***NAME***` instead of the values of the run's secrets. Ranges refer to this masked text. The header `NF-Escrow-Redaction` is `complete`, `partial` (some values are not known, or the file has changed since it was searched) or `none` (the file was never searched). To follow the log, request `bytes=N-`, where N is the number of bytes received so far. Status 416 means that there are no more bytes yet.",
    headers: ['Range'],
    responses: { 200: { type: 'text/plain' }, 206: { type: 'text/plain' } },
    problems: [...FIND, 'log-not-found', 'range-not-satisfiable'],
    handle: ({ runs }, { params, headers }, response) => streamLog(runs, params.run, headers, response),
  }),
  operation({
    id: 'getReceipt',
    method: 'get',
    path: '/v1/runs/{run}/receipt',
    summary: 'Get the receipt of a run',
    permission: 'runs:read',
    description:
      'The receipt lists the delivered objects, when each of them was removed, and how the daemon verified that it no longer exists.',
    responses: { 200: 'receipt' },
    problems: FIND,
    handle: async ({ runs }, { params }) => ({ status: 200, body: await runs.receipt(params.run) }),
  }),
  operation({
    id: 'checkReceipt',
    method: 'post',
    path: '/v1/runs/{run}/receipt',
    summary: 'Verify again that no delivered object exists',
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
    permission: 'runs:read',
    description:
      'Starts at the first event. The data of each event is a `journal-event`. The id of an event is its position among the events of the run. The stream ends when the run is purged. A client that reads too slowly is disconnected and resumes with `Last-Event-ID`. Comments keep the connection alive.',
    headers: ['Last-Event-ID'],
    responses: { 200: { type: 'text/event-stream', schema: 'journal-event' } },
    problems: [...FIND, 'too-many-listeners'],
    handle: (served, { params, headers, principal }, response) =>
      sendRunEvents(served, principal, params.run, headers['last-event-id'], response),
  }),
  operation({
    id: 'submitRun',
    method: 'post',
    path: '/v1/runs/{run}/submit',
    summary: 'Submit the head of a run to the scheduler',
    description:
      'The caller must first write its environment to the file that `environmentFile` in the response to `POST /v1/runs` names.',
    request: 'run-submission',
    requestMax: REQUEST_MAX,
    responses: { 200: 'run' },
    problems: [
      ...FIND,
      'request-unprocessable',
      'state-conflict',
      'scheduler-unavailable',
      'scheduler-rejected',
      'compute-environment-not-found',
      'compute-environment-invalid',
      'store-unavailable',
      'path-conflict',
      'permissions-too-open',
    ],
    handle: async ({ runs }, { params, body, principal }) => ({
      status: 200,
      body: permitted(principal, 'owner', 'run', await runs.submit(params.run, body.arguments)),
    }),
  }),
  operation({
    id: 'cancelRun',
    method: 'post',
    path: '/v1/runs/{run}/cancel',
    permission: 'runs:manage',
    summary: 'Stop the head of a run, or cancel the orphaned jobs of an ended run',
    description: 'Fails if several live runs have the given name.',
    responses: { 200: 'run' },
    problems: PURGE,
    handle: async ({ runs, ledger }, { params, principal }) => {
      const run = await runs.cancel(params.run, principal);
      return { status: 200, body: (await permittedRuns(ledger.db, principal, [run]))(run) };
    },
  }),
  operation({
    id: 'purgeRun',
    method: 'post',
    path: '/v1/runs/{run}/purge',
    summary: 'Remove everything that was delivered for a run',
    description:
      'Fails if several live runs have the given name. Without `force`, also fails if the run may be alive.',
    query: 'run-purge-query',
    request: 'run-purge',
    requestOptional: true,
    responses: { 200: 'run' },
    problems: PURGE,
    handle: async ({ runs }, { params, query: { force = false, ended = false }, body, principal }) => ({
      status: 200,
      body: permitted(
        principal,
        'owner',
        'run',
        await runs.purge(params.run, { force, asked: !ended }, body.awsCredentials),
      ),
    }),
  }),
];
