// The users as whom the commands of pages run, and what they have.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { filesIn } from '../../support/documents/pages.ts';
import { newUser, startDaemon } from '../../support/documents/page-shell.ts';
import { freePorts } from '../../support/free-ports.ts';
import { realNextflow, type Environment, type Sandbox } from '../../support/sandbox.ts';
import { environmentFor, makeQueue, makeRole, QUEUE } from '../../support/aws/test-aws.ts';
import { StrictAws } from '../../support/aws/strict-aws.ts';

/** How the commands of a page run. */
export interface Setting {
  readonly box: Sandbox;
  /** Adapts a command to this machine: ports, directories, answers to prompts. */
  readonly edit?: (command: string) => string;
  /** What commands read from standard input. */
  readonly input?: string;
  /** Whether the output that the page shows is compared. */
  readonly showsOutput?: boolean;
}

export const VALUE = 'twenty characters $i';
const PIPELINE = `process QUERY {
  secret 'DB_PASSWORD'

  output:
  stdout

  script:
  """
  echo done
  """
}

workflow {
  QUERY()
}
`;
/** A run of the current user, where a page says RUN. */
export const NEWEST = '$(nf-escrow runs list | head -n 1 | cut -f 1)';

/** A user with a fake Nextflow, a pipeline and a secret. */
export async function asUser(t: Test, env: Environment = {}): Promise<Setting> {
  const box = newUser(t);
  Object.assign(box.env, { DB_PASSWORD: VALUE }, env);
  writeFileSync(join(box.launch, 'main.nf'), PIPELINE);
  // The fake executes the pipeline as a command.
  writeFileSync(join(box.directory, 'bin/main.nf'), '#!/bin/sh\necho done\n', { mode: 0o755 });
  await startDaemon(box);
  await succeed(box, ['secrets', 'set', 'DB_PASSWORD'], VALUE);
  return { box, input: VALUE };
}

/** Creates the workspace `lab/rna` with a secret. */
export async function addWorkspace(box: Sandbox): Promise<void> {
  await succeed(box, ['orgs', 'create', 'lab']);
  await succeed(box, ['workspaces', 'create', 'lab/rna']);
  await succeed(box, ['secrets', 'set', 'DB_PASSWORD', '--workspace', 'lab/rna'], VALUE);
}

/** A new user with a real Nextflow, and the files that the page tells readers to save. */
export async function asNewUser(t: Test, page: string, env: Environment = {}): Promise<Setting | undefined> {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return undefined;
  const box = newUser(t, nextflow);
  Object.assign(box.env, env);
  for (const [name, text] of filesIn(page)) writeFileSync(join(box.launch, name), text);
  await startDaemon(box);
  return { box, input: VALUE, showsOutput: true };
}

/** Creates `pass`, the password manager. */
export function addPasswordManager(box: Sandbox): void {
  const script = "#!/bin/sh\nprintf 'DB_PASSWORD=a\\nAPI_TOKEN=b\\n'\n";
  writeFileSync(join(box.directory, 'bin/pass'), script, { mode: 0o755 });
}

export async function succeed(box: Sandbox, args: readonly string[], input = ''): Promise<void> {
  const { status, stderr } = await box.escrow(args, { input });
  if (status !== 0) throw new Error(`nf-escrow ${args.join(' ')}: ${stderr}`);
}

/** The files that the requests of the API page send. */
export async function forApi(t: Test): Promise<Setting> {
  const setting = await asUser(t);
  const { box } = setting;
  await addWorkspace(box);
  await succeed(box, ['secrets', 'set', 'DB_PASSWORD', '--user'], VALUE);
  await succeed(box, ['run', 'main.nf']);
  const { process: launcher } = await box.json<{ process: unknown }>(['daemon', 'status']);
  const launch = { pipeline: 'main.nf', launchDirectory: box.launch };
  const files = {
    value: { value: 'a new value of the user' },
    run: {
      launchDirectory: box.launch,
      nextflow: '/bin/true',
      arguments: ['run', 'x'],
      selection: {},
      localStore: null,
      launcher,
    },
    import: { secrets: [{ name: 'API_TOKEN', valueBase64: 'aW1wb3J0ZWQ=' }], onConflict: 'refuse' },
    launch,
  };
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(box.launch, `${name}.json`), JSON.stringify(content));
  const [port = 0] = await freePorts(1);
  box.env['SOCKET'] = join(box.directory, 'run/nf-escrow/daemon.sock');
  return {
    ...setting,
    edit: (command) =>
      command
        .replaceAll('127.0.0.1:8080', `127.0.0.1:${String(port)}`)
        .replaceAll('curl ', 'curl -sS --fail-with-body ')
        // The stream does not end. curl exits with 28 after the maximum time.
        .replace(/^curl (.*events)$/, '(curl --max-time 1 $1; [ $? = 28 ])')
        .replaceAll('If-Match: "3"', 'If-Match: "1"')
        .replaceAll('0b0f…', '0b0f0d0e-3a0e-4a57-9a4e-0a3f6e1d2c4b')
        .replace(/&cursor=[^']*/, '')
        .replace('http://localhost/v1/runs/RUN/log', `"http://localhost/v1/runs/${NEWEST}/log"`),
  };
}

/** A user with credentials for a fake AWS. */
export async function onAws(t: Test, executionRole: string): Promise<Setting | undefined> {
  const aws = await StrictAws.start(t);
  if (aws === undefined) return undefined;
  await makeQueue(aws);
  await makeRole(aws, executionRole);
  const setting = await asUser(t, { ...environmentFor(aws), NXF_PLUGINS_DEFAULT: 'true' });
  const settings = `--queue ${QUEUE} --endpoint ${aws.endpoint}`;
  return { ...setting, edit: (command) => command.replace('--queue spot --profile lab', settings) };
}
