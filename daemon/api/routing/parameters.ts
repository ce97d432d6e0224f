/** A parameter in a path or header, for the description of the API. */
export interface Parameter {
  readonly description: string;
  readonly schema: object;
  readonly example: string | number;
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
  member: {
    description: 'Name of a user, or `service-account:` and the name of a service account',
    schema: { type: 'string', minLength: 1 },
    example: 'ada',
  },
  user: {
    description: 'Name of the user',
    schema: { type: 'string', minLength: 1 },
    example: 'ada',
  },
  serviceAccount: {
    description: 'Name of the service account in its organization',
    schema: { type: 'string', minLength: 1 },
    example: 'ci',
  },
  token: {
    description: 'Id of the token',
    schema: { type: 'string', minLength: 1 },
    example: '5f0c7d9e-8a51-4f43-9d3c-6a4a1d2f7b10',
  },
  invitation: {
    description: 'Id of the invitation',
    schema: { type: 'string', minLength: 1 },
    example: '5f0c7d9e-8a51-4f43-9d3c-6a4a1d2f7b10',
  },
  session: {
    description: 'Id of the session',
    schema: { type: 'string', minLength: 1 },
    example: '5f0c7d9e-8a51-4f43-9d3c-6a4a1d2f7b10',
  },
  release: {
    description: 'Id of the release',
    schema: { type: 'string', minLength: 1 },
    example: '5f0c7d9e-8a51-4f43-9d3c-6a4a1d2f7b10',
  },
  secretId: {
    description: 'Id of the secret',
    schema: { type: 'integer', minimum: 0 },
    example: 3305619874412098,
  },
  userId: {
    description: 'Id of the user who sends the request',
    schema: { type: 'integer', minimum: 0 },
    example: 5519027736640182,
  },
};

const TAG = '(W/)?"[A-Za-z0-9_-]{1,64}"';

/** Headers of requests that change what an operation does. */
export const headerParameters: Readonly<Record<string, Parameter>> = {
  'If-Match': {
    description:
      'Entity tags, or `*`. If the object has none of these tags, the request fails with `precondition-failed` and changes nothing. `*` matches every tag',
    schema: { type: 'string', anyOf: [{ const: '*' }, { pattern: `^${TAG}( *, *${TAG})*$` }] },
    example: '"3"',
  },
  'If-None-Match': {
    description: '`*`: create the object only if it does not exist',
    schema: { type: 'string', const: '*' },
    example: '*',
  },
  'Idempotency-Key': {
    description:
      'Key of this request, chosen by the client. A retry with the same key within 24 hours has no second effect and returns the result of the first',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
    example: '5f0c9a8e-3a0e-4a57-9a4e-0a3f6e1d2c4b',
  },
  Range: {
    description:
      'One range of bytes: `bytes=FIRST-LAST`, `bytes=FIRST-` or `bytes=-LENGTH`. Several ranges, and other units, are ignored',
    schema: { type: 'string' },
    example: 'bytes=0-65535',
  },
  'Last-Event-ID': {
    description:
      'Id of the last received event of this stream. The stream continues after it, or starts at the first event if it never had this id',
    schema: { type: 'string' },
    example: '42',
  },
};

/** Headers of responses. */
export const responseHeaders: Readonly<Record<string, Parameter>> = {
  ETag: {
    description: 'Entity tag of the object. Send it in `If-Match` to change this version only',
    schema: { type: 'string' },
    example: '"3"',
  },
  Link: {
    description: 'Link to the next page, with `rel="next"`. Absent on the last page',
    schema: { type: 'string' },
    example: '</v1/runs?cursor=WzEsInJ1bnMiLDQyXQ>; rel="next"',
  },
  'Idempotency-Replayed': {
    description:
      '`true` if this response repeats the result of an earlier request with the same Idempotency-Key',
    schema: { type: 'string', const: 'true' },
    example: 'true',
  },
  'Accept-Ranges': {
    description: 'The unit of ranges',
    schema: { type: 'string', const: 'bytes' },
    example: 'bytes',
  },
  'Content-Range': {
    description: 'The range of the response, and the length of the file',
    schema: { type: 'string' },
    example: 'bytes 0-65535/1048576',
  },
};
