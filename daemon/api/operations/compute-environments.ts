import {
  changeComputeEnvironment,
  createComputeEnvironment,
  findComputeEnvironment,
  listComputeEnvironments,
  removeComputeEnvironment,
} from '../../compute-envs/compute-environments.ts';
import { EscrowError } from '../../errors.ts';
import { operation, type Operation } from '../routing/operation.ts';
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
    responses: { 200: 'compute-environment-list' },
    handle: async ({ ledger }) => ({
      status: 200,
      body: { computeEnvironments: await listComputeEnvironments(ledger.db) },
    }),
  }),
  operation({
    id: 'createComputeEnvironment',
    method: 'post',
    path: '/v1/compute-envs',
    summary: 'Create a compute environment',
    request: 'compute-environment-input',
    responses: { 201: 'compute-environment' },
    problems: CHANGE,
    handle: async ({ ledger, platformRules, user }, { body }) => ({
      status: 201,
      body: await createComputeEnvironment(ledger, platformRules, user, body),
    }),
  }),
  operation({
    id: 'getComputeEnvironment',
    method: 'get',
    path: '/v1/compute-envs/{computeEnvironment}',
    summary: 'Get a compute environment',
    responses: { 200: 'compute-environment' },
    problems: FIND,
    handle: async ({ ledger }, { params }) => ({
      status: 200,
      body: await findComputeEnvironment(ledger.db, params.computeEnvironment),
    }),
  }),
  operation({
    id: 'updateComputeEnvironment',
    method: 'patch',
    path: '/v1/compute-envs/{computeEnvironment}',
    summary: 'Update a compute environment',
    request: 'compute-environment-change',
    responses: { 200: 'compute-environment' },
    problems: CHANGE,
    handle: async ({ ledger, platformRules, user }, { params, body }) => ({
      status: 200,
      body: await changeComputeEnvironment(ledger, platformRules, user, params.computeEnvironment, body),
    }),
  }),
  operation({
    id: 'removeComputeEnvironment',
    method: 'delete',
    path: '/v1/compute-envs/{computeEnvironment}',
    summary: 'Remove a compute environment',
    responses: { 204: null },
    problems: CHANGE,
    handle: async ({ ledger, user }, { params }) => {
      await removeComputeEnvironment(ledger, user, params.computeEnvironment);
      return { status: 204, body: undefined };
    },
  }),
  operation({
    id: 'checkComputeEnvironment',
    method: 'post',
    path: '/v1/compute-envs/{computeEnvironment}/check',
    summary: 'Check the AWS permissions that a compute environment needs',
    description: 'Without a workspace, checks for the default one.',
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
    summary: 'Run a job that receives a temporary secret, and remove both',
    description: 'The response arrives when the test ends.',
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
    summary: 'List or remove objects that lost machines left in AWS',
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
