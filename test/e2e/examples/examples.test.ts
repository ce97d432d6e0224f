// Runs the commands in the README of each example on a real Nextflow.
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import type { Receipt, RunList } from '../../../daemon/contract/types.ts';
import { IMAGE, podman } from '../../support/containers.ts';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';
import { freePorts } from '../../support/free-ports.ts';
import { startPostgres } from '../../support/postgres.ts';
import { asAdministrator } from '../../support/postgres-databases.ts';
import { launcher, realNextflow, root, Sandbox, until, type Environment } from '../../support/sandbox.ts';

const examples = join(root, 'examples');
const canary = (): string => randomBytes(16).toString('hex');

/** How a test runs an example. */
interface Setting {
  /** What is entered for the secrets that are read from a prompt. */
  readonly input?: string;
  /** Values that no file may contain afterwards, except the given files of the example. */
  readonly values: readonly string[];
  readonly given?: readonly string[];
  readonly env?: Environment;
  readonly edit?: (command: string) => string;
  /** Commands with the environment of each, in place of those in the README. */
  readonly commands?: readonly { readonly run: string; readonly env?: Environment }[];
}

/** Returns a copy of an example in which its commands can run, or undefined without Nextflow. */
async function exampleIn(t: Test, name: string): Promise<Sandbox | undefined> {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return undefined;
  const box = new Sandbox(t, nextflow);
  cpSync(join(examples, name), box.launch, { recursive: true });
  const bin = join(box.directory, 'bin');
  mkdirSync(bin);
  symlinkSync(launcher, join(bin, 'nf-escrow'));
  box.env['NF_ESCROW_NODE'] = process.execPath;
  box.env['PATH'] = `${bin}:${box.env['PATH'] ?? ''}`;
  // Under load, the start takes longer than a command waits.
  await until('the daemon has started', async () => (await box.escrow(['daemon', 'start'])).status === 0);
  return box;
}

/** Returns the commands in the README of an example. */
function commandsOf(name: string): string[] {
  const readme = readFileSync(join(examples, name, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/^```console\n(.*?)^```$/gms)];
  const lines = blocks.flatMap(([, text = '']) => text.split('\n'));
  return lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
}

/** Runs the commands and returns their output. Checks that they succeed and that no value is left. */
async function runExample(t: Test, box: Sandbox, name: string, setting: Setting): Promise<string> {
  const { input = '', values, given = [], env = {}, edit } = setting;
  let output = '';
  const commands: NonNullable<Setting['commands']> =
    setting.commands ?? commandsOf(name).map((run) => ({ run }));
  t.ok(commands.some(({ run }) => run.startsWith('nf-escrow run ')));
  for (const command of commands) {
    const options = { input, env: { ...env, ...command.env } };
    const ended = await box.startProgram('bash', ['-c', edit?.(command.run) ?? command.run], options).ended;
    t.equal(ended.status, 0, `${command.run}\n${ended.stdout}${ended.stderr}`);
    output += ended.stdout;
  }
  const { runs } = await box.json<RunList>(['runs', 'list']);
  for (const { id } of runs) {
    const receipt = await box.json<Receipt>(['runs', 'receipt', id]);
    t.equal(receipt.complete, true);
    t.same(receipt.exposures, []);
  }
  for (const value of values)
    t.same(
      box.filesWith(value, (path) => given.includes(path)),
      [],
      'no file contains the value',
    );
  return output;
}

void t.test('a test runs each example', (t) => {
  const listed = readdirSync(examples, { withFileTypes: true });
  const test = readFileSync(join(root, 'test/e2e/examples/examples.test.ts'), 'utf8');
  const index = readFileSync(join(examples, 'README.md'), 'utf8');
  for (const { name } of listed.filter((entry) => entry.isDirectory())) {
    t.match(test, `await exampleIn(t, '${name}')`);
    t.match(index, `[${name}](${name}/README.md)`);
  }
  t.end();
});

void t.test('a database password in a process', async (t) => {
  const box = await exampleIn(t, 'database-password');
  if (box === undefined) return;
  const [port = 0] = await freePorts(1);
  const postgres = await startPostgres(t, port);
  if (postgres === undefined) return;
  const value = `it's "${canary()}" $HOME`;
  writeFileSync(
    join(postgres.data, 'pg_hba.conf'),
    'host all all 127.0.0.1/32 scram-sha-256\nlocal all all trust\n',
  );
  await asAdministrator(
    postgres,
    `CREATE TABLE samples AS SELECT generate_series(1, 7) AS id;
    CREATE ROLE reader LOGIN PASSWORD '${value.replaceAll("'", "''")}';
    GRANT SELECT ON samples TO reader;
    SELECT pg_reload_conf()`,
  );
  const output = await runExample(t, box, 'database-password', {
    input: value,
    values: [value],
    edit: (command) => command.replace('--port 5432', `--port ${String(port)}`),
  });
  t.match(output, /^7 samples$/m);
  t.match(output, /^Nothing is left\.$/m);
});

void t.test('a licence server, with and without base64', async (t) => {
  const box = await exampleIn(t, 'licence-server');
  if (box === undefined) return;
  const licence = join(box.launch, 'licence.txt');
  const value = `${canary()}.example.com:8990`;
  writeFileSync(licence, value);
  const encoded = Buffer.from(value).toString('base64');
  const values = [value, encoded];
  const output = await runExample(t, box, 'licence-server', { values, given: [licence] });
  t.equal(output.match(new RegExp(`^licence of ${String(value.length)} characters$`, 'gm'))?.length, 2);
});

void t.test('a password in the configuration', async (t) => {
  const box = await exampleIn(t, 'token-in-configuration');
  if (box === undefined) return;
  const value = canary();
  const output = await runExample(t, box, 'token-in-configuration', { input: value, values: [value] });
  t.match(output, 'the password of the registry has 32 characters');
});

void t.test('an API key in a container', async (t) => {
  const box = await exampleIn(t, 'api-key-in-container');
  if (box === undefined) return;
  const env = podman(t, box);
  if (env === undefined) return;
  appendFileSync(join(box.launch, 'nextflow.config'), `\nparams.image = '${IMAGE}'\n`);
  const value = canary();
  const output = await runExample(t, box, 'api-key-in-container', {
    input: value,
    values: [value],
    // docs/limits.md: Podman 4 keeps the environment of a removed container until the entry is overwritten.
    given: [join(box.directory, 'podman/storage/libpod/bolt_state.db')],
    env,
    edit: (command) => command.replace('-profile podman', `-profile podman --image ${IMAGE}`),
  });
  t.match(output, /^an API key of 32 characters in a container$/m);
});

void t.test('a service account key', async (t) => {
  const box = await exampleIn(t, 'service-account');
  if (box === undefined) return;
  const key = join(box.launch, 'key.json');
  const value = canary();
  const account = {
    client_email: 'pipeline@example.com',
    private_key: `-----BEGIN KEY-----\n${value}\n"$x" \`y\`\n`,
  };
  writeFileSync(key, JSON.stringify(account, null, 2), { mode: 0o600 });
  const output = await runExample(t, box, 'service-account', { values: [value], given: [key] });
  t.match(output, /^authenticated as pipeline@example\.com$/m);
});

void t.test('a webhook in onComplete', async (t) => {
  const box = await exampleIn(t, 'on-complete-webhook');
  if (box === undefined) return;
  const received: string[] = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      received.push(request.url ?? '');
      response.writeHead(204).end();
    });
  });
  t.teardown(() => server.close());
  const port = await listenOnLoopback(server, 0);
  const value = canary();
  const output = await runExample(t, box, 'on-complete-webhook', {
    input: `http://127.0.0.1:${String(port)}/hook/${value}`,
    values: [value],
  });
  t.same(received, [`/hook/${value}`]);
  t.match(output, 'the webhook answered 204');
});

void t.test('a pipeline with modules and subworkflows', async (t) => {
  const box = await exampleIn(t, 'nf-core-style');
  if (box === undefined) return;
  const value = canary();
  const output = await runExample(t, box, 'nf-core-style', { input: value, values: [value] });
  t.match(output, /^a: token of 32 characters for \S+\nb: token of 32 characters for \S+$/m);
  t.match(readFileSync(join(box.launch, 'results/report.txt'), 'utf8'), /^a: /);
});

void t.test('a GitHub Actions workflow', async (t) => {
  const box = await exampleIn(t, 'github-actions');
  if (box === undefined) return;
  const workflow = parse(readFileSync(join(box.launch, 'pipeline.yml'), 'utf8')) as {
    jobs: { run: { steps: { run?: string; env?: Record<string, string> }[] } };
  };
  const steps = workflow.jobs.run.steps.filter(({ run }) => run !== undefined);
  t.equal(steps[0]?.run, 'npm install -g nf-escrow');
  const value = canary();
  const commands = steps.slice(1).map(({ run = '', env = {} }) => {
    for (const [name, text] of Object.entries(env)) t.equal(text, `\${{ secrets.${name} }}`);
    return { run, env: Object.fromEntries(Object.keys(env).map((name) => [name, value])) };
  });
  const output = await runExample(t, box, 'github-actions', { values: [value], commands });
  t.match(output, /^a password of 32 characters$/m);
  t.match(output, /^Nothing is left\.$/m);
});
