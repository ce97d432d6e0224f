// Where the commands of each page run: the files, programs and objects that the page assumes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { filesIn } from '../../support/documents/pages.ts';
import { newUser, startDaemon } from '../../support/documents/page-shell.ts';
import { freePorts } from '../../support/free-ports.ts';
import { realNextflow, type Environment, type Sandbox } from '../../support/sandbox.ts';
import { realSlurm } from '../../support/slurm.ts';
import { environmentFor, makeQueue, makeRole, QUEUE } from '../../support/aws/test-aws.ts';
import { StrictAws } from '../../support/aws/strict-aws.ts';
import { onServerHost, onTeamServer } from './on-team-server.ts';

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

type Prepare = (t: Test, page: string) => Promise<Setting | undefined>;

const VALUE = 'twenty characters $i';
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
const NEWEST = '$(nf-escrow runs list | head -n 1 | cut -f 1)';

/** A user with a fake Nextflow, a pipeline, and secrets in the default workspace and in `lab/rna`. */
async function asUser(t: Test, env: Environment = {}): Promise<Setting> {
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
async function addWorkspace(box: Sandbox): Promise<void> {
  await succeed(box, ['orgs', 'create', 'lab']);
  await succeed(box, ['workspaces', 'create', 'lab/rna']);
  await succeed(box, ['secrets', 'set', 'DB_PASSWORD', '--workspace', 'lab/rna'], VALUE);
}

/** A new user with a real Nextflow, and the files that the page tells readers to save. */
async function asNewUser(t: Test, page: string, env: Environment = {}): Promise<Setting | undefined> {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return undefined;
  const box = newUser(t, nextflow);
  Object.assign(box.env, env);
  for (const [name, text] of filesIn(page)) writeFileSync(join(box.launch, name), text);
  await startDaemon(box);
  return { box, input: VALUE, showsOutput: true };
}

/** Creates `pass`, the password manager. */
function addPasswordManager(box: Sandbox): void {
  const script = "#!/bin/sh\nprintf 'DB_PASSWORD=a\\nAPI_TOKEN=b\\n'\n";
  writeFileSync(join(box.directory, 'bin/pass'), script, { mode: 0o755 });
}

async function succeed(box: Sandbox, args: readonly string[], input = ''): Promise<void> {
  const { status, stderr } = await box.escrow(args, { input });
  if (status !== 0) throw new Error(`nf-escrow ${args.join(' ')}: ${stderr}`);
}

/** The files that the requests of the API page send. */
async function forApi(t: Test): Promise<Setting> {
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
async function onAws(t: Test, executionRole: string): Promise<Setting | undefined> {
  const aws = await StrictAws.start(t);
  if (aws === undefined) return undefined;
  await makeQueue(aws);
  await makeRole(aws, executionRole);
  const setting = await asUser(t, { ...environmentFor(aws), NXF_PLUGINS_DEFAULT: 'true' });
  const settings = `--queue ${QUEUE} --endpoint ${aws.endpoint}`;
  return { ...setting, edit: (command) => command.replace('--queue spot --profile lab', settings) };
}

const SETTINGS: Readonly<Record<string, Prepare>> = {
  'README.md': asNewUser,
  'docs/api.md': forApi,
  'docs/aws-batch.md': async (t) => {
    const setting = await onAws(t, 'nextflow-execution-lab-rna');
    if (setting !== undefined) await addWorkspace(setting.box);
    return setting;
  },
  'docs/coming-from/github-actions.md': async (t) => {
    const box = newUser(t);
    addPasswordManager(box);
    return { box };
  },
  'docs/coming-from/nextflow-secrets.md': async (t, page) => {
    const setting = await asNewUser(t, page);
    if (setting === undefined) return undefined;
    const { box } = setting;
    const set = await box.startProgram('nextflow', ['secrets', 'set', 'DB_PASSWORD', VALUE]).ended;
    t.equal(set.status, 0, set.stderr);
    return setting;
  },
  'docs/coming-from/seqera-platform.md': async (t) => {
    const box = newUser(t);
    addPasswordManager(box);
    return { box, edit: (command) => command.replace('curl ', 'curl -sS --fail-with-body ') };
  },
  'docs/commands.md': async (t) => {
    const setting = await asUser(t);
    const { box } = setting;
    await addWorkspace(box);
    writeFileSync(join(box.directory, 'passphrase'), 'correct horse battery staple\n', { mode: 0o600 });
    addPasswordManager(box);
    mkdirSync(join(box.directory, '.config/fish/completions'), { recursive: true, mode: 0o700 });
    return {
      ...setting,
      edit: (command) =>
        command
          .replace(/rekey --passphrase|vault export|vault import/, '$& --passphrase-file ~/passphrase')
          .replace(/^nf-escrow daemon stop.*/, '$&\nnf-escrow vault unlock --passphrase-file ~/passphrase')
          .replace(/import --from dotenv|vault import/, '$& --replace'),
    };
  },
  'docs/hpc.md': async (t) => {
    const slurm = await realSlurm(t);
    if (slurm === undefined) return undefined;
    const setting = await asUser(t, slurm.env);
    const { box } = setting;
    writeFileSync(join(box.launch, 'pipeline.sh'), '#!/bin/bash\nnf-escrow run main.nf\n', { mode: 0o755 });
    return {
      ...setting,
      edit: (command) =>
        command.replace('/scratch/$USER', join(box.directory, 'scratch')).replace('=long', '=main'),
    };
  },
  'docs/how-to/cron-and-ci.md': async (t) => {
    const setting = await asUser(t);
    writeFileSync(join(setting.box.launch, 'id_ed25519'), 'a key\nof two lines\n');
    // `exit` would end the shell of the page.
    return { ...setting, edit: (command) => command.replace('exit $status', 'test $status = 0') };
  },
  'docs/how-to/nf-core.md': async (t) => {
    const setting = await asUser(t);
    writeFileSync(join(setting.box.launch, 'license.txt'), 'license.example.com:8990');
    return setting;
  },
  'docs/how-to/shared-runs-directory.md': async (t) => {
    const setting = await asUser(t);
    const scratch = join(setting.box.directory, 'scratch');
    return { ...setting, edit: (command) => command.replace('/scratch/$USER', scratch) };
  },
  'docs/install.md': async (t) => {
    const setting = await asUser(t);
    return { ...setting, edit: (command) => command.replace(/uninstall$/, '$& --yes') };
  },
  'docs/monitoring.md': async (t) => {
    const setting = await asUser(t);
    const [port = 0] = await freePorts(1);
    return { ...setting, edit: (command) => command.replace('9464', String(port)) };
  },
  'docs/receipts.md': async (t) => {
    const setting = await asUser(t);
    await succeed(setting.box, ['run', 'main.nf']);
    return { ...setting, edit: (command) => command.replace('happy_euler', NEWEST) };
  },
  'docs/tutorial/aws-batch.md': (t) => onAws(t, 'nf-escrow-tutorial'),
  'docs/tutorial/laptop.md': asNewUser,
  'docs/tutorial/slurm.md': async (t, page) => {
    const slurm = await realSlurm(t);
    if (slurm === undefined) return undefined;
    const setting = await asNewUser(t, page, slurm.env);
    if (setting === undefined) return undefined;
    const scratch = join(setting.box.directory, 'scratch');
    return { ...setting, edit: (command) => command.replace('/scratch/$USER', scratch) };
  },
  'docs/permissions.md': (t) => onTeamServer(t, { serviceAccount: 'ci' }),
  'docs/team-server/audit-log.md': (t) => onTeamServer(t),
  'docs/team-server/backup.md': (t) => onServerHost(t),
  'docs/team-server/install.md': (t) => onServerHost(t, { isNew: true }),
  'docs/team-server/people.md': (t) => onTeamServer(t, { hasWorkspace: false }),
  'docs/team-server/rekey.md': (t) => onServerHost(t),
  'docs/team-server/runs.md': (t) => onTeamServer(t),
  'docs/team-server/sign-in.md': (t) => onServerHost(t),
};

/** Returns the setting of a page, or undefined if this machine lacks a program for it. */
export async function settingOf(page: string, t: Test): Promise<Setting | undefined> {
  return (SETTINGS[page] ?? ((test) => asUser(test)))(t, page);
}
