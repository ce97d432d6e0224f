import t from 'tap';
import { serverOperations } from '../../../daemon/server/operations.ts';
import { TeamServer } from '../../support/server/team-server.ts';

void t.test('no operation of a server needs a part that only a daemon has', async (t) => {
  const server = new TeamServer(t);
  await server.init();
  await server.start();
  const known: Record<string, string> = {
    organization: 'local',
    workspace: 'main',
    name: 'main',
    secret: 'ONE',
  };
  for (const { id, method, path, responses } of serverOperations) {
    if (
      Object.values(responses).some((body) => typeof body === 'object' && body?.type === 'text/event-stream')
    )
      continue;
    const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => known[name] ?? 'local');
    const { status } = await server.request(target, server.bearer, { method: method.toUpperCase() });
    t.ok(status !== 0 && status < 500, `${id}: ${String(status)}`);
  }
});
