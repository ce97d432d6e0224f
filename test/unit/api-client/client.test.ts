import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { connect } from '../../../daemon/api-client/client.ts';

void t.test('times out if the daemon accepts a request and never answers', async (t) => {
  const directory = mkdtempSync('/tmp/nfe-client-');
  const server = createServer();
  t.teardown(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });
  const socket = join(directory, 'daemon.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  await t.rejects(connect(socket, 200).call('GET', '/v1/health'), { code: 'daemon-unavailable' });
});
