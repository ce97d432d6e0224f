// Requests through the spool: both sides check them, and a rejected request leaves nothing in a file.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { spoolClient, type SpooledAnswer } from '../../../daemon/api-client/spool-client.ts';
import { locatePaths } from '../../../daemon/config/paths.ts';
import type { Problem, SecretList } from '../../../daemon/contract/types.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

void t.test('never sends secret values or credentials through files', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['status']); // starts the daemon
  const spool = join(box.state, 'spool');
  const canary = randomBytes(16).toString('hex');
  /** Writes a request without the check, as a command of another version might. */
  const plant = async (text: string): Promise<SpooledAnswer> => {
    const id = randomBytes(12).toString('hex');
    const answer = join(spool, `${id}.answer`);
    writeFileSync(join(spool, `${id}.tmp`), text, { mode: 0o600 });
    renameSync(join(spool, `${id}.tmp`), join(spool, `${id}.request`));
    await until('the daemon answers', () => existsSync(answer));
    const parsed = await until('the answer is complete', () => {
      try {
        return JSON.parse(readFileSync(answer, 'utf8')) as SpooledAnswer;
      } catch {
        return undefined;
      }
    });
    rmSync(answer);
    return parsed;
  };

  await t.test('the command writes no rejected request to the spool', async (t) => {
    const client = spoolClient(locatePaths({ NF_ESCROW_HOME: box.state }), 'login1');
    const awsCredentials = { accessKeyId: 'AKIDTEST', secretAccessKey: canary };
    for (const [method, path, body] of [
      ['PUT', '/v1/user/secrets/FOO_KEY', { value: canary }],
      ['POST', '/v1/vault/unlock', { passphrase: canary }],
      ['POST', '/v1/runs/r1/purge', { awsCredentials }],
      ['POST', '/v1/runs/r1/receipt', { awsCredentials }],
    ] as const)
      await t.rejects(client.call(method, path, body), {
        code: 'daemon-on-other-host',
        message: /daemon on login1/,
        hint: /login1/,
      });
    t.same(readdirSync(spool), []);
    t.same(box.filesWith(canary), []);
    t.match(await client.call('GET', '/v1/health'), { status: 'ok' }, 'other requests succeed');
    await t.rejects(
      client.call('POST', '/v1/runs/r1/purge'),
      { code: 'run-not-found' },
      'without credentials, the request reaches the daemon',
    );
  });

  await t.test('the daemon rejects a request that must not be sent as a file', async (t) => {
    const refused = await plant(
      JSON.stringify({ method: 'PUT', path: '/v1/user/secrets/FOO_KEY', body: { value: canary } }),
    );
    const { code, detail, hint } = refused.body as Problem;
    t.match({ status: refused.status, code }, { status: 503, code: 'daemon-on-other-host' });
    t.match(detail, new RegExp(`^Cannot send PUT .* to the daemon on ${hostname()}: `));
    t.match(hint, new RegExp(hostname()));
    t.same((await box.json<SecretList>(['secrets', 'list', '--user'])).secrets, []);
    t.same(box.filesWith(canary), [], 'the request is deleted');
  });

  await t.test('the daemon rejects malformed requests and continues', async (t) => {
    for (const text of [
      '',
      'null',
      '[]',
      '{',
      '{"method":"TRACE","path":"/"}',
      '{"method":["GET"],"path":"/v1/health"}',
    ])
      t.match((await plant(text)).body, { code: 'request-invalid' }, text);
    mkdirSync(join(spool, `${'b'.repeat(24)}.request`));
    const client = spoolClient(locatePaths({ NF_ESCROW_HOME: box.state }), 'login1');
    t.match(await client.call('GET', '/v1/health'), { status: 'ok' }, 'a later request succeeds');
  });
});
