// A client that was generated from a description that is independent of nf-escrow's own, against a real daemon.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { forwardToSocket, startPlatform } from '../../../support/platform.ts';
import { root } from '../../../support/sandbox.ts';
import { skipUnlessRequired } from '../../../support/skip-unless-required.ts';
import { temporaryDirectory } from '../../../support/temporary.ts';

const here = join(root, 'test/integration/api/seqera-platform');

interface Result {
  readonly call: string;
  readonly status: number;
  readonly body: unknown;
  readonly type: string;
  readonly unknown: string[];
  readonly length: number;
}

/** Returns the Python that has openapi-python-client. Without one, skips the test (fails it in CI) and returns undefined. */
function findGenerator(t: Test): string | undefined {
  const python = process.env['NF_ESCROW_TEST_CLIENT_GENERATOR'];
  if (python !== undefined) return python;
  skipUnlessRequired(
    t,
    'openapi-python-client is not installed (NF_ESCROW_TEST_CLIENT_GENERATOR is not set)',
  );
  return undefined;
}

/** Generates the client and returns the directory of its package. */
function generate(t: Test, python: string): string {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'config.json');
  mkdirSync(join(directory, 'packages'));
  writeFileSync(config, JSON.stringify({ post_hooks: [], package_name_override: 'platform_client' }));
  execFileSync(
    python,
    [
      ...['-m', 'openapi_python_client', 'generate', '--fail-on-warning', '--meta', 'none'],
      ...['--path', join(here, 'independent-description.json'), '--config', config],
      ...['--output-path', join(directory, 'packages/platform_client')],
    ],
    { stdio: 'pipe' },
  );
  return join(directory, 'packages');
}

async function use(python: string, packages: string, given: object): Promise<Result[]> {
  const child = spawn(python, [join(here, 'use-client.py')], {
    env: { PATH: process.env['PATH'], PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: '1' },
  });
  child.stdin.end(JSON.stringify(given));
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (out === '') throw new Error(errors);
  return JSON.parse(out) as Result[];
}

void t.test('serves a generated client under both prefixes', async (t) => {
  const python = findGenerator(t);
  if (python === undefined) return;
  const packages = generate(t, python);
  const { box, workspaceId } = await startPlatform(t);
  const url = await forwardToSocket(t, box.socket);
  const value = randomBytes(16).toString('hex');
  for (const prefix of ['', '/api']) {
    const results = await use(python, packages, { url: `${url}${prefix}`, value });
    const ofSecrets = [
      ['create_pipeline_secret', 200, 'CreatePipelineSecretResponse'],
      ['create_pipeline_secret', 409, 'ErrorResponse'],
      ['create_pipeline_secret', 400, 'ErrorResponse'],
      ['list_pipeline_secrets', 200, 'ListPipelineSecretsResponse'],
      ['describe_pipeline_secret', 200, 'DescribePipelineSecretResponse'],
      ['validate_pipeline_secret_name', 204, 'NoneType'],
      ['validate_pipeline_secret_name', 409, 'ErrorResponse'],
      ['validate_pipeline_secret_name', 400, 'ErrorResponse'],
      ['update_pipeline_secret', 204, 'NoneType'],
      ['delete_pipeline_secret', 204, 'NoneType'],
      ['describe_pipeline_secret', 403, 'ErrorResponse'],
      ['update_pipeline_secret', 403, 'ErrorResponse'],
      ['delete_pipeline_secret', 403, 'ErrorResponse'],
    ];
    t.same(
      results.map(({ call, status, type }) => [call, status, type]),
      [
        ['info', 200, 'ServiceInfoResponse'],
        ['user_info', 200, 'DescribeUserResponse'],
        ['list_workspaces_user', 200, 'ListWorkspacesAndOrgResponse'],
        ['list_workspaces_user', 403, 'ErrorResponse'],
        ...ofSecrets,
        ...ofSecrets,
        ['list_pipeline_secrets', 403, 'ErrorResponse'],
      ],
    );
    t.match(results[2]?.body, { orgsAndWorkspaces: [{ workspaceId, workspaceName: 'main' }] });
    for (const { call, status, body, unknown, length } of results) {
      t.same(unknown, [], `${call} has no other properties`);
      if (status === 204) t.equal(length, 0, `${call} has no body`);
      if (status === 403) t.same(body, { message: 'Forbidden' }, call);
    }
    t.notOk(JSON.stringify(results).includes(value), 'no value is returned');
  }
});
