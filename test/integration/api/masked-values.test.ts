// A value of a live run in its files and in a request: what the API, the events and the daemon's log show instead.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Run, RunList, TaskList } from '../../../daemon/contract/types.ts';
import { EventClient } from '../../support/event-server.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

const SCRIPT = `cat event >>"\${NXF_SECRETS_FILE%/*}/events.jsonl"; cat aborted >>.nextflow.log
touch here; while [ ! -e go ]; do sleep 0.05; done; exit 3`;

void t.test('masks a value in a task name, an outcome and a problem', async (t) => {
  const box = new Sandbox(t);
  const value = `canary-${randomBytes(16).toString('hex')}`;
  t.equal((await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value })).status, 0);
  const all = new EventClient(box.socket, '/v1/events', 0);
  const event = { type: 'task.submit', task: '1', process: 'P', name: `P (${value})` };
  writeFileSync(join(box.launch, 'event'), `${JSON.stringify(event)}\n`);
  const aborted = `Nov-23 12:00:00.000 [main] DEBUG nextflow.Session - Session aborted -- Cause: ${value}\n`;
  writeFileSync(join(box.launch, 'aborted'), aborted);
  const started = box.start(['run', SCRIPT]);
  await until('the script runs', () => existsSync(join(box.launch, 'here')));
  const texts: string[] = [];
  const get = async (path: string): Promise<string> => {
    const { text } = await box.http('GET', path);
    texts.push(text);
    return text;
  };
  const { id = '' } = (JSON.parse(await get('/v1/runs')) as RunList).runs[0] ?? {};
  const tasks = await until('the task', async () => {
    const found = JSON.parse(await get(`/v1/runs/${id}/tasks`)) as TaskList;
    return found.tasks.length > 0 ? found.tasks : undefined;
  });
  t.match(tasks, [{ name: 'P (***FOO_KEY***)' }]);
  const problem = JSON.parse(await get(`/v1/runs/${value}`)) as { code: string; detail: string };
  t.equal(problem.code, 'run-not-found');
  t.match(problem.detail, '***FOO_KEY***');

  writeFileSync(join(box.launch, 'go'), '');
  const ended = await started.ended;
  t.equal(ended.status, 3);
  texts.push(ended.stdout, ended.stderr);
  const run = await until('the run is purged', async () => {
    const found = JSON.parse(await get(`/v1/runs/${id}`)) as Run;
    return found.state === 'purged' ? found : undefined;
  });
  t.match(run.outcomeEvidence, 'the log says: session aborted, cause: "***FOO_KEY***"');
  for (const path of ['', '/tasks', '/progress', '/uses', '/receipt', '/log', '/events'])
    t.ok((await get(`/v1/runs/${id}${path}`)).length > 0, path);
  await until('the last event', () => all.messages.some(({ event }) => event?.type === 'run.purged'));
  texts.push(JSON.stringify(all.messages), readFileSync(join(box.state, 'daemon.log'), 'utf8'));
  all.disconnect();
  for (const form of [value, Buffer.from(value).toString('base64'), Buffer.from(value).toString('hex')])
    for (const text of texts) t.notOk(text.includes(form), text.slice(0, 300));
});
