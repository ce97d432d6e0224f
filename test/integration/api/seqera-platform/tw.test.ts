// The command line of Seqera Platform against a real daemon. NF_ESCROW_TEST_TW is its path; it cannot be installed from a registry.
import { randomBytes } from 'node:crypto';
import t from 'tap';
import type { PipelineSecretList } from '../../../../daemon/contract/types.ts';
import { ownAccount } from '../../../../daemon/system/processes/own-account.ts';
import { forwardToSocket, startPlatform } from '../../../support/platform.ts';
import type { Ended } from '../../../support/sandbox.ts';

void t.test('serves tw info and tw secrets', async (t) => {
  const tw = process.env['NF_ESCROW_TEST_TW'];
  if (tw === undefined) {
    t.pass('skipped', { skip: 'NF_ESCROW_TEST_TW is not set: the tests do not use the real tw' });
    return;
  }
  const { box, workspaceId } = await startPlatform(t);
  const env = {
    TOWER_API_ENDPOINT: `${await forwardToSocket(t, box.socket)}/api`,
    TOWER_ACCESS_TOKEN: 'no-token',
  };
  const run = async (...args: string[]): Promise<Ended> => {
    const ended = await box.startProgram(tw, ['--insecure', ...args], { env }).ended;
    t.equal(ended.status, 0, `tw ${args.slice(0, 2).join(' ')}: ${ended.stdout}${ended.stderr}`);
    return ended;
  };
  const listed = async (query: string): Promise<PipelineSecretList> =>
    JSON.parse((await box.http('GET', `/pipeline-secrets${query}`)).text) as PipelineSecretList;
  t.match((await run('info')).stdout, ownAccount().username);
  for (const workspace of [undefined, 'local/main', String(workspaceId)]) {
    const scope = workspace === undefined ? [] : ['--workspace', workspace];
    const query = workspace === undefined ? '' : `?workspaceId=${String(workspaceId)}`;
    const value = randomBytes(12).toString('hex');
    await run('secrets', 'add', '--name', 'TW_KEY', '--value', value, ...scope);
    const [secret] = (await listed(query)).pipelineSecrets;
    t.equal(secret?.name, 'TW_KEY');
    const outputs = [
      await run('secrets', 'list', ...scope),
      await run('secrets', 'view', '--name', 'TW_KEY', ...scope),
      await run('secrets', 'view', '--id', String(secret?.id), ...scope),
      await run('secrets', 'update', '--name', 'TW_KEY', '--value', `${value}2`, ...scope),
    ];
    for (const { stdout } of outputs) {
      t.match(stdout, 'TW_KEY');
      t.notOk(stdout.includes(value));
    }
    t.match(await listed(query), { pipelineSecrets: [{ id: secret?.id, name: 'TW_KEY' }] });
    await run('secrets', 'delete', '--name', 'TW_KEY', ...scope);
    t.equal((await listed(query)).totalSize, 0);
  }
});
