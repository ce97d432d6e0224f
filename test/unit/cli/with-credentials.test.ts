// AWS credentials are sent only to a daemon on this host. A purge on another host still reports what is left.
import t from 'tap';
import type { Client, Method } from '../../../daemon/api-client/client.ts';
import { assertTravels } from '../../../daemon/api-client/spool-routes.ts';
import { checkWithCredentials, purgeWithCredentials } from '../../../daemon/cli/launch/with-credentials.ts';

void t.test('sends no credentials to a daemon on another host, and returns its first answer', async (t) => {
  const bodies: unknown[] = [];
  const answer = {
    pendingRemovals: 1,
    removalError: 'The secret cannot be removed.',
    removalErrorCode: 'aws-credentials',
    checks: [{ result: 'unknown', evidence: 'The secret cannot be read.', errorCode: 'aws-credentials' }],
  };
  const elsewhere: Client = {
    call: async <T>(method: Method, path: string, body?: unknown): Promise<T> => {
      assertTravels(method, path, body, 'login1');
      bodies.push(body);
      return answer as T;
    },
  };
  const printed: string[] = [];
  t.capture(process.stderr, 'write', (text: string) => printed.push(text) > 0);
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDTEST', AWS_SECRET_ACCESS_KEY: 'canary' });
  t.teardown(() => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
      Reflect.deleteProperty(process.env, name);
  });
  t.equal(await purgeWithCredentials(elsewhere, '/v1/runs/r1/purge?ended=true'), answer);
  t.equal(await checkWithCredentials(elsewhere, '/v1/runs/r1/receipt'), answer);
  t.same(bodies, [undefined, undefined]);
  t.match(
    printed.join(''),
    /did not send the AWS credentials of this environment: Cannot send POST \/v1\/runs\/r1\/purge to the daemon on login1: .*Run the command on login1/s,
  );
  t.notMatch(printed.join(''), /canary/);
});

void t.test('sends no credentials if the removal failed for another reason', async (t) => {
  const bodies: unknown[] = [];
  const evidence = 'The clock is wrong. Remedy: set it';
  const answer = {
    pendingRemovals: 1,
    removalError: evidence,
    removalErrorCode: 'aws-clock',
    checks: [{ result: 'unknown', evidence, errorCode: 'aws-clock' }],
  };
  const daemon: Client = {
    call: async <T>(_method: Method, _path: string, body?: unknown): Promise<T> => {
      bodies.push(body);
      return answer as T;
    },
  };
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDTEST', AWS_SECRET_ACCESS_KEY: 'canary' });
  t.teardown(() => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
      Reflect.deleteProperty(process.env, name);
  });
  await purgeWithCredentials(daemon, '/v1/runs/r1/purge?ended=true');
  await checkWithCredentials(daemon, '/v1/runs/r1/receipt');
  t.same(bodies, [undefined, undefined]);
});
