// POST /v1/launches with a fake nextflow: the daemon starts the run itself.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type {
  ComputeEnvironment,
  Launch,
  LaunchPreview,
  Problem,
  Receipt,
  Run,
  RunList,
} from '../../../daemon/contract/types.ts';
import { codeOf, type Answer } from '../../support/http.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

const HOLD = 'touch here; while [ ! -e go ]; do sleep 0.05; done';
const newValue = (): string => randomBytes(16).toString('hex');

interface Launched {
  readonly box: Sandbox;
  readonly launch: (body: object, query?: string, headers?: Record<string, string>) => Promise<Answer>;
}

async function start(t: Test, env: Record<string, string> = {}): Promise<Launched> {
  const box = new Sandbox(t);
  Object.assign(box.env, env);
  await box.escrow(['daemon', 'start']);
  return {
    box,
    launch: (body, query = '', headers = {}) =>
      box.http('POST', `/v1/launches${query}`, { launchDirectory: box.launch, ...body }, headers),
  };
}

function launched({ status, text }: Answer): Launch {
  if (status !== 201) throw new Error(`${String(status)} ${text}`);
  return JSON.parse(text) as Launch;
}

async function ended(box: Sandbox, id: string): Promise<Run> {
  return until('the run is purged', async () => {
    const run = JSON.parse((await box.http('GET', `/v1/runs/${id}`)).text) as Run;
    return run.state === 'purged' ? run : undefined;
  });
}

/** Processes whose arguments or environment contain a text. */
function leaks(value: string): string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) =>
      ['cmdline', 'environ'].filter((name) => {
        try {
          return readFileSync(`/proc/${pid}/${name}`, 'latin1').includes(value);
        } catch {
          return false; // it has ended
        }
      }),
    );
}

void t.test('starts a run that behaves like a detached one', async (t) => {
  const { box, launch } = await start(t);
  const [value, parameter] = [newValue(), newValue()];
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
  const answer = await launch({
    pipeline: `echo begins; ${HOLD}; echo ends; exit 5`,
    parameters: { input: parameter },
  });
  const { run, plan, warnings } = launched(answer);
  t.match(run, { permissions: ['runs:read', 'runs:manage'], launchDirectory: box.launch });
  t.match(plan.secrets, [{ name: 'FOO_KEY', scope: 'workspace', overrides: [] }]);
  t.same(warnings, []);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const directory = join(box.state, 'runs', run.id);
  t.equal(statSync(join(directory, 'params.json')).mode & 0o777, 0o600);
  t.same(JSON.parse(readFileSync(join(directory, 'params.json'), 'utf8')), { input: parameter });
  t.same(leaks(parameter), [], 'no process has the parameter in its arguments or environment');
  t.same(leaks(value), []);
  t.same(box.filesWith(parameter), [join(directory, 'params.json')], 'no other file has the parameter');
  t.match(readFileSync(join(box.launch, '.nextflow.log'), 'utf8'), `-params-file ${directory}/params.json`);
  process.kill((await box.daemonPid()) ?? 0, 'SIGKILL'); // the run is independent of the daemon that started it
  const watch = box.start(['runs', 'watch', run.id]); // starts another daemon
  writeFileSync(join(box.launch, 'go'), '');
  t.match((await watch.ended).stdout, /Nextflow started[^]*failed \(exit status 5[^]*The run is complete/);
  t.match(await ended(box, run.id), { outcome: 'failed', exitStatus: 5 });
  t.equal((await box.escrow(['runs', 'logs', run.id])).stdout, 'begins\nends\n');
  t.equal((await box.json<Receipt>(['runs', 'receipt', run.id])).complete, true);
  for (const canary of [value, parameter]) t.same(box.filesWith(canary), []);
  t.notMatch(answer.text, value);
});

void t.test('cancels a run that the daemon started', async (t) => {
  const { box, launch } = await start(t);
  const { run } = launched(await launch({ pipeline: HOLD }));
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  t.equal((await box.http('POST', `/v1/runs/${run.id}/cancel`)).status, 200);
  t.match(await ended(box, run.id), { outcome: 'cancelled', exitStatus: 143 });
});

void t.test('passes options to nextflow, and the umask of the shell that started the daemon', async (t) => {
  const { box, launch } = await start(t);
  const program = join(box.directory, 'echoing');
  writeFileSync(program, '#!/bin/bash\n[ "$1" = -v ] && exit\nprintf "<%s>" "$@" >said; umask >>said\n', {
    mode: 0o755,
  });
  await box.escrow(['daemon', 'stop']);
  const umask = ['-c', 'umask 027; exec "$@"', 'sh', ...box.command, 'daemon', 'start'];
  await box.startProgram('/bin/sh', umask, { env: { NF_ESCROW_NEXTFLOW: program } }).ended;
  const options = { pipeline: 'lab/rna', revision: 'v1', profile: 'a,b', workDirectory: '/tmp/w' };
  const { run } = launched(await launch({ ...options, selection: { none: true } }));
  const words = '<run><lab/rna><-r><v1><-profile><a,b><-work-dir></tmp/w>0027\n';
  t.equal(
    await until(
      'it ran',
      () => existsSync(join(box.launch, 'said')) && readFileSync(join(box.launch, 'said'), 'utf8'),
    ),
    words,
  );
  await ended(box, run.id);
});

void t.test('a run gets the variables of its compute environment, and few of the daemon', async (t) => {
  const token = newValue();
  const { box, launch } = await start(t, {
    ...{ JAVA_HOME: '/opt/java', LC_TIME: 'C', SOME_TOKEN: token, NXF_GITHUB_TOKEN: token, GREETING: token },
  });
  const environment = { NXF_OPTS: '-Xmx1g', GREETING: 'hello', LC_TIME: 'C.UTF-8' };
  const created = await box.http('POST', '/v1/compute-envs', { name: 'other', platform: 'hpc', environment });
  t.match(JSON.parse(created.text), { environment });
  const { run } = launched(await launch({ pipeline: 'env >said', computeEnvironment: 'other' }));
  await ended(box, run.id);
  const said = readFileSync(join(box.launch, 'said'), 'utf8');
  for (const line of [
    'JAVA_HOME=/opt/java',
    'NXF_OPTS=-Xmx1g',
    'GREETING=hello',
    'LC_TIME=C.UTF-8',
    `HOME=${box.directory}`,
  ])
    t.match(said, `${line}\n`);
  t.notMatch(said, token, 'a variable of the shell that started the daemon is left out');
  const update = ['compute-envs', 'update', 'other'];
  t.equal((await box.escrow([...update, '--env', 'GREETING=good = day', '--env', 'MORE='])).status, 0);
  const read = async (): Promise<unknown> =>
    (await box.json<ComputeEnvironment>(['compute-envs', 'show', 'other'])).environment;
  t.same(await read(), { ...environment, GREETING: 'good = day', MORE: '' }, 'adds to the variables');
  t.notMatch((await box.http('GET', '/v1/audit')).text, 'good = day', 'the audit log has only names');
  t.equal((await box.escrow([...update, '--env', 'GREETING'])).status, 64);
  t.equal((await box.escrow([...update, '--unset', 'env'])).status, 0);
  t.same(await read(), {});
  for (const name of ['NF_ESCROW_RUN', 'NODE_OPTIONS', 'NXF_SECRETS_FILE', 'A-B']) {
    const body = { name: 'bad', platform: 'hpc', environment: { [name]: 'x' } };
    t.equal(codeOf(await box.http('POST', '/v1/compute-envs', body)), 'request-invalid', name);
  }
});

void t.test('a repeated request returns the same run', async (t) => {
  const { box, launch } = await start(t);
  const body = { pipeline: 'echo x >>count', parameters: { a: 1 } };
  const key = { 'idempotency-key': newValue() };
  const both = await Promise.all([launch(body, '', key), launch(body, '', key)]);
  const [first, second] = both.map(launched);
  t.equal(second?.run.id, first?.run.id);
  t.same(second?.plan, first?.plan);
  await ended(box, first?.run.id ?? '');
  t.equal(launched(await launch(body, '', key)).run.state, 'purged');
  t.equal(codeOf(await launch({ ...body, parameters: { a: 2 } }, '', key)), 'idempotency-key-reused');
  t.equal(readFileSync(join(box.launch, 'count'), 'utf8'), 'x\n', 'it ran once');
  t.equal((await box.json<RunList>(['runs', 'list'])).runs.length, 1);
});

void t.test('rejects invalid launches with a problem, and records no run', async (t) => {
  const { box, launch } = await start(t);
  const closed = join(box.directory, 'file');
  writeFileSync(closed, '');
  for (const [body, code] of [
    [{ pipeline: '-bg' }, 'request-invalid'],
    [{ pipeline: '-' }, 'request-invalid'],
    [{ pipeline: 'a\nb' }, 'request-invalid'],
    [{ pipeline: 'x', revision: '-c' }, 'request-invalid'],
    [{ pipeline: 'x', profile: '-C' }, 'request-invalid'],
    [{ pipeline: 'x', workDirectory: 'relative' }, 'request-invalid'],
    [{ pipeline: 'x', launchDirectory: 'relative' }, 'request-invalid'],
    [{ pipeline: 'x', parameters: { 'a b': 1 } }, 'request-invalid'],
    [{ pipeline: 'x', parameters: { a: [[[1]]] } }, 'request-invalid'],
    [{ pipeline: 'x', parameters: JSON.parse('{"__proto__": 1}') as object }, 'request-invalid'],
    [{ pipeline: 'x', unknown: 1 }, 'request-invalid'],
    [{ pipeline: 'x', launchDirectory: join(box.directory, 'absent') }, 'launch-directory-unusable'],
    [{ pipeline: 'x', launchDirectory: closed }, 'launch-directory-unusable'],
    [{ pipeline: 'x', workspace: 'local/absent' }, 'workspace-not-found'],
    [{ pipeline: 'x', computeEnvironment: 'absent' }, 'compute-environment-not-found'],
    [{ pipeline: 'x', selection: { only: [{ name: 'NO_KEY', scope: null }] } }, 'secret-not-available'],
  ] as const) {
    const answer = await launch(body);
    t.equal(codeOf(answer), code, `${JSON.stringify(body)} ${answer.text}`);
    t.ok((JSON.parse(answer.text) as Problem).hint);
  }
  t.same((await box.json<RunList>(['runs', 'list'])).runs, []);
});

void t.test('aborts a run whose nextflow cannot be started', async (t) => {
  const { box, launch } = await start(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: newValue() });
  // The fake nextflow removes the launch directory when it is asked for its version: after the preparation, before the start.
  const program = join(box.directory, 'vanishing');
  const gone = join(box.directory, 'gone');
  mkdirSync(gone);
  writeFileSync(program, `#!/bin/bash\nrmdir '${gone}'; echo nextflow version 25.10.0.1\n`, { mode: 0o755 });
  await box.escrow(['daemon', 'stop']);
  const env = { NF_ESCROW_NEXTFLOW: program, NXF_PLUGINS_DEFAULT: '' };
  await box.escrow(['daemon', 'start'], { env });
  const answer = await launch({ pipeline: 'x', launchDirectory: gone });
  t.equal(codeOf(answer), 'store-unavailable', answer.text);
  const [run] = (await box.json<RunList>(['runs', 'list'])).runs;
  t.match(await ended(box, run?.id ?? ''), { outcome: 'aborted' });
  t.same(readdirSync(join(box.state, 'runs')), []);
});

void t.test('previews the plan, and the processes that use its secrets', async (t) => {
  const { box, launch } = await start(t);
  const value = newValue();
  for (const name of ['FOO_KEY', 'BAR_KEY']) await box.escrow(['secrets', 'set', name], { input: value });
  await box.escrow(['secrets', 'set', 'FOO_KEY', '--user'], { input: value });
  writeFileSync(
    join(box.launch, 'main.nf'),
    `process ALIGN {\n  secret 'FOO_KEY'\n  secret "NO_KEY"\n  // secret 'OTHER_KEY'\n  script:\n  'true'\n}\nprocess SORT {\n  script:\n  'true'\n}\n`,
  );
  const answer = await launch({ pipeline: 'main.nf' }, '?preview=true', { 'idempotency-key': newValue() });
  t.equal(answer.status, 200, answer.text);
  const preview = JSON.parse(answer.text) as LaunchPreview;
  t.match(preview.plan.secrets, [
    { name: 'BAR_KEY', scope: 'workspace', overrides: [] },
    { name: 'FOO_KEY', scope: 'user', overrides: ['workspace'] },
  ]);
  t.same(preview.processes, [
    { process: 'ALIGN', secrets: ['FOO_KEY'], missing: ['NO_KEY'], source: 'scripts' },
  ]);
  t.match(preview.parameters, { result: 'no-schema' });
  t.notMatch(answer.text, value);
  t.same((await box.json<RunList>(['runs', 'list'])).runs, [], 'a preview records nothing');
  await box.http('PUT', '/v1/user/secrets/BAR_KEY', { value: 'a\nb' });
  const lines = JSON.parse((await launch({ pipeline: 'main.nf' }, '?preview=true')).text) as LaunchPreview;
  t.match(lines.plan.undeliverable, [{ name: 'BAR_KEY', scope: 'user', reason: /newline/ }]);
});
