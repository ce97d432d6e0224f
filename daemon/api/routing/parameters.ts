/** A parameter in a path or header, for the description of the API. */
export interface Parameter {
  readonly description: string;
  readonly schema: object;
  readonly example: string;
}

/** Parameters in paths. Handlers check them, because their errors name the object that does not exist. */
export const pathParameters: Readonly<Record<string, Parameter>> = {
  run: {
    description: "Id of the run, a unique prefix of it, or Nextflow's run name",
    schema: { type: 'string', minLength: 1 },
    example: 'r20261128a1b2c3d4',
  },
  organization: {
    description: 'Name of the organization',
    schema: { type: 'string', minLength: 1 },
    example: 'lab',
  },
  workspace: {
    description: 'Name of the workspace in its organization',
    schema: { type: 'string', minLength: 1 },
    example: 'rna',
  },
  secret: {
    description: 'Name of the secret',
    schema: { type: 'string', minLength: 1 },
    example: 'DB_PASSWORD',
  },
  computeEnvironment: {
    description: 'Name of the compute environment',
    schema: { type: 'string', minLength: 1 },
    example: 'cluster',
  },
};

/** Headers of requests that change what an operation does. */
export const headerParameters: Readonly<Record<string, Parameter>> = {
  'Last-Event-ID': {
    description: 'Sequence number of the last received event. The stream continues after it',
    schema: { type: 'string', pattern: '^[0-9]{1,15}$' },
    example: '42',
  },
};
