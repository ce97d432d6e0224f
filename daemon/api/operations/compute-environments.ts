import { permitted } from '../../access/permissions.ts';
import {
  changeComputeEnvironment,
  createComputeEnvironment,
  findComputeEnvironment,
  pageOfComputeEnvironments,
  removeComputeEnvironment,
} from '../../compute-envs/compute-environments.ts';
import { EscrowError } from '../../errors.ts';
import { operation, type Operation } from '../routing/operation.ts';
import { pageIn } from './page-limits.ts';
import { AWS } from './problem-groups.ts';

const FIND = ['compute-environment-not-found'] as const;
const CHANGE = [...FIND, 'not-permitted', 'compute-environment-invalid', 'name-taken', 'in-use'] as const;
/** Errors of asking the platform of an environment. */
const ASK = [...FIND, 'compute-environment-invalid', ...AWS] as const;

/** Operations on compute environments. */
export const computeEnvironmentOperations: readonly Operation[] = [
  operation({
    id: 'listComputeEnvironments',
    method: 'get',
    path: '/v1/compute-envs',
    summary: 'List compute environments',
    query: 'page-query',
    responses: { 200: 'compute-environment-list' },
    problems: ['cursor-invalid'],
    handle: async ({ ledger }, { query, principal }) => {
      const { items, ...next } = await pageOfComputeEnvironments(ledger.db, pageIn(query));
      const computeEnvironments = items.map((one) =>
        permitted(principal, 'owner', 'computeEnvironment', one),
      );
      return { status: 200, body: { computeEnvironments, ...next } };
    },
  }),
  operation({
    id: 'createComputeEnvironment',
    method: 'post',
    path: '/v1/compute-envs',
    summary: 'Create a compute environment',
    request: 'compute-environment-input',
    tagged: true,
    repeatable: 201,
    responses: { 201: 'compute-environment' },
    problems: CHANGE,
    handle: async ({ ledger, platformRules }, { body, remember, principal }) => {
      const created = await createComputeEnvironment(ledger, platformRules, principal, body, remember);
      return {
        status: 201,
        body: permitted(principal, 'owner', 'computeEnvironment', created),
        etag: created.etag,
      };
    },
    repeat: async (_served, { principal }, remembered) =>
      permitted(principal, 'owner', 'computeEnvironment', remembered as object),
  }),
  operation({
    id: 'getComputeEnvironment',
    method: 'get',
    path: '/v1/compute-envs/{computeEnvironment}',
    summary: 'Get a compute environment',
    tagged: true,
    responses: { 200: 'compute-environment' },
    problems: FIND,
    handle: async ({ ledger }, { params, principal }) => {
      const found = await findComputeEnvironment(ledger.db, params.computeEnvironment);
      return {
        status: 200,
        body: permitted(principal, 'owner', 'computeEnvironment', found),
        etag: found.etag,
      };
    },
  }),
  operation({
    id: 'updateComputeEnvironment',
    method: 'patch',
    path: '/v1/compute-envs/{computeEnvironment}',
    summary: 'Update a compute environment',
    description:
      'Requires `If-Match`, because the request replaces all settings of the platform. Without `If-Match`, a client could overwrite changes that it has not read.',
    request: 'compute-environment-change',
    tagged: true,
    preconditions: ['If-Match'],
    requiresPrecondition: true,
    responses: { 200: 'compute-environment' },
    problems: CHANGE,
    handle: async (
      { ledger, platformRules },
      { params: { computeEnvironment: name }, body, precondition, principal },
    ) => {
      const changed = await changeComputeEnvironment(
        ledger,
        platformRules,
        principal,
        name,
        body,
        precondition,
      );
      return {
        status: 200,
        body: permitted(principal, 'owner', 'computeEnvironment', changed),
        etag: changed.etag,
      };
    },
  }),
  operation({
    id: 'removeComputeEnvironment',
    method: 'delete',
    path: '/v1/compute-envs/{computeEnvironment}',
    summary: 'Remove a compute environment',
    preconditions: ['If-Match'],
    responses: { 204: null },
    problems: CHANGE,
    handle: async ({ ledger }, { params, precondition, principal }) => {
      await removeComputeEnvironment(ledger, principal, params.computeEnvironment, precondition);
      return { status: 204, body: undefined };
    },
  }),
  operation({
    id: 'examineComputeEnvironment',
    method: 'get',
    path: '/v1/compute-envs/{computeEnvironment}/doctor',
    summary: 'Check the requirements of runs in a compute environment',
    description:
      'Checks the host and the environment variables of the daemon. For AWS Batch, also checks the AWS permissions for `workspace` (default: the default workspace). Only the command `nf-escrow doctor` also checks your shell and its current directory.',
    query: 'check-query',
    responses: { 200: 'doctor-report' },
    problems: FIND,
    handle: async ({ ledger, examiner }, { params, query }) => {
      const environment = await findComputeEnvironment(ledger.db, params.computeEnvironment);
      return { status: 200, body: { checks: await examiner.examine(environment, query.workspace) } };
    },
  }),
  operation({
    id: 'listPolicies',
    method: 'get',
    path: '/v1/compute-envs/{computeEnvironment}/policies',
    summary: 'List the IAM policies that runs in a compute environment need',
    description:
      'Generates the policies from the settings of the compute environment, for `workspace` or for all workspaces. Sends no requests to AWS.',
    query: 'check-query',
    responses: { 200: 'policy-list' },
    problems: [...FIND, 'compute-environment-invalid'],
    handle: async ({ ledger, platformChecks }, { params, query }) => {
      const environment = await findComputeEnvironment(ledger.db, params.computeEnvironment);
      const policies = platformChecks[environment.platform]?.policies(environment, query.workspace);
      return { status: 200, body: { policies: [...(policies ?? [])] } };
    },
  }),
  operation({
    id: 'checkComputeEnvironment',
    method: 'post',
    path: '/v1/compute-envs/{computeEnvironment}/check',
    summary: 'Check the AWS permissions that a compute environment needs',
    description: 'Without `workspace`, checks the permissions for the default workspace.',
    query: 'check-query',
    responses: { 200: 'doctor-report' },
    problems: ASK,
    handle: async ({ ledger, platformChecks }, { params, query }) => {
      const environment = await findComputeEnvironment(ledger.db, params.computeEnvironment);
      const found = await platformChecks[environment.platform]?.check(environment, query.workspace);
      return { status: 200, body: { checks: found ?? [] } };
    },
  }),
  operation({
    id: 'probeComputeEnvironment',
    method: 'post',
    path: '/v1/compute-envs/{computeEnvironment}/probe',
    summary: 'Run a test job that receives a temporary secret, then remove both',
    description: 'Responds when the job has ended or the time limit is reached.',
    request: 'probe-request',
    responses: { 200: 'doctor-report' },
    problems: ASK,
    handle: async ({ ledger, platformChecks }, { params, body, signal }) => {
      const environment = await findComputeEnvironment(ledger.db, params.computeEnvironment);
      const { name, platform } = environment;
      const checks = platformChecks[platform];
      if (checks === undefined)
        throw new EscrowError(
          'compute-environment-invalid',
          `Cannot probe the compute environment "${name}": the daemon has no probe for platform ${platform}.`,
          { hint: `Check it without a probe: nf-escrow doctor --compute-env ${name}` },
        );
      const limits = { limitMs: body.waitSeconds * 1000, signal };
      return { status: 200, body: { checks: await checks.probe(environment, limits) } };
    },
  }),
  operation({
    id: 'sweepComputeEnvironment',
    method: 'post',
    path: '/v1/compute-envs/{computeEnvironment}/sweep',
    summary: 'List or remove objects that remain in AWS after the loss of a host',
    query: 'sweep-query',
    responses: { 200: 'leftovers' },
    problems: ASK,
    handle: async ({ ledger, platformChecks }, { params, query: { remove = false } }) => {
      const environment = await findComputeEnvironment(ledger.db, params.computeEnvironment);
      const leftovers = await platformChecks[environment.platform]?.sweep(environment, remove);
      return { status: 200, body: { leftovers: leftovers ?? [] } };
    },
  }),
];
