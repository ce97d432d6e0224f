import { permitted } from '../../access/permissions.ts';
import type { Principal } from '../../access/principal.ts';
import type { Launch } from '../../contract/types.ts';
import { operation, type Operation } from '../routing/operation.ts';
import { CREATE_RUN } from './problem-groups.ts';

/** Parameters can contain lists of samples. */
const REQUEST_MAX = 1024 * 1024;

const PREPARE = [
  'compute-environment-not-found',
  'launch-directory-unusable',
  'launch-not-prepared',
] as const;

/** Operations on runs that the daemon starts. */
export const launchOperations: readonly Operation[] = [
  operation({
    id: 'launchRun',
    method: 'post',
    path: '/v1/launches',
    summary: 'Start a run in the daemon',
    description:
      'Starts the run like `nf-escrow run --detach`, with the environment variables of its compute environment. Responds when it has started or submitted Nextflow. This can take minutes if Nextflow has to evaluate the configuration first. With `preview`, starts nothing and returns what the launch would do, with status 200. A retry with the same Idempotency-Key returns the same run in its current state.',
    query: 'launch-query',
    request: 'launch-request',
    requestMax: REQUEST_MAX,
    repeatable: 201,
    responses: { 200: 'launch-preview', 201: 'launch' },
    problems: [
      ...CREATE_RUN,
      ...PREPARE,
      'parameters-invalid',
      'parameters-not-checked',
      'organization-not-found',
      'scheduler-unavailable',
      'scheduler-rejected',
      'usage',
    ],
    handle: async ({ launches }, { query, body, remember, principal }) =>
      query.preview === true
        ? { status: 200, body: await launches.preview(body) }
        : { status: 201, body: withPermissions(principal, await launches.start(body, remember)) },
    repeat: async ({ launches }, { principal }, remembered) =>
      withPermissions(principal, await launches.repeat(remembered as Parameters<typeof launches.repeat>[0])),
  }),
  operation({
    id: 'getParameterSchema',
    method: 'get',
    path: '/v1/launches/parameters',
    summary: 'Get the schema of the parameters of a pipeline',
    description:
      'Reads `nextflow_schema.json` if the pipeline is a path on the host of the daemon, or if Nextflow has downloaded it there and the request names no revision. If there is no schema, `reason` says why.',
    query: 'parameter-schema-query',
    responses: { 200: 'parameter-schema' },
    problems: PREPARE,
    handle: async ({ launches }, { query }) => ({
      status: 200,
      body: await launches.parameterSchema(query),
    }),
  }),
];

function withPermissions(by: Principal, launch: Launch): Launch {
  return { ...launch, run: permitted(by, 'owner', 'run', launch.run) };
}
