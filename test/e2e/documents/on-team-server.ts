// Where the pages about a team server run: on its host, and on the machine of a user.
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { newUser, startDaemon } from '../../support/documents/page-shell.ts';
import { freePorts } from '../../support/free-ports.ts';
import type { Sandbox } from '../../support/sandbox.ts';
import { TeamServer } from '../../support/server/team-server.ts';

interface ServerSetting {
  readonly box: Sandbox;
  readonly edit: (command: string) => string;
  readonly input: string;
}

const VALUE = 'a value on the server';
/** How pages start a command on the host of the server. */
const OPERATOR = /runuser -u nf-escrow -- (nf-escrow serve [^\n]*)/g;
/** The address of the server in pages. */
const ADDRESS = /https:\/\/escrow\.example\.org(?::8443)?/g;

async function createServer(t: Test, isNew = false): Promise<{ server: TeamServer; url: string }> {
  const [port = 0] = await freePorts(1);
  const url = `https://localhost:${String(port)}`;
  const server = new TeamServer(t, { listen: `127.0.0.1:${String(port)}`, publicUrl: url });
  if (isNew) return { server, url };
  const init = ['serve', 'init', '--name', 'grace', '--organization', 'lab', '--print-token'];
  const steps = [init, ['serve', 'user', 'create', 'ada']];
  for (const args of steps) {
    const { status, stdout, stderr } = await server.escrow(args);
    if (status !== 0) throw new Error(`nf-escrow ${args.join(' ')}: ${stderr}`);
    if (args === init) server.token = stdout.trim();
  }
  return { server, url };
}

/** Creates a team server that is not running, with an administrator and the user `ada`, unless it is new. */
export async function onServerHost(t: Test, { isNew = false } = {}): Promise<ServerSetting> {
  const { server, url } = await createServer(t, isNew);
  const box = newUser(t);
  box.env['CURL_CA_BUNDLE'] = server.authority.caFile;
  const serve = `nf-escrow serve --config ${server.configFile}`;
  return {
    box,
    input: '',
    edit: (command) =>
      command
        .replace(OPERATOR, `$1 --config ${server.configFile}`)
        .replaceAll(ADDRESS, url)
        .replace(/serve restore/, '$& --yes')
        // The page has the reader put the token into a variable, and start the server.
        .replace(/^(nf-escrow serve init .*)$/, 'TOKEN=$($1) && echo "$TOKEN"')
        .replace(/^curl (.*)$/, `${serve} >server.log 2>&1 & until curl -sf $1; do sleep 0.2; done`),
  };
}

/** Starts a team server, and creates a user who is signed in as its administrator. */
export async function onTeamServer(
  t: Test,
  { hasWorkspace = true, serviceAccount = '' } = {},
): Promise<ServerSetting> {
  const { server, url } = await createServer(t);
  await server.start();
  const box = newUser(t);
  writeFileSync(join(box.launch, 'main.nf'), "process QUERY {\n  secret 'DB_PASSWORD'\n}\n");
  symlinkSync('/bin/true', join(box.directory, 'bin/main.nf'));
  await startDaemon(box);
  const { caFile } = server.authority;
  const login = ['login', url, '--name', 'escrow.example.org', '--ca-file', caFile, '--token-stdin'];
  const steps: [string[], string?][] = [[login, server.token]];
  if (hasWorkspace)
    steps.push(
      [['workspaces', 'create', 'escrow.example.org:lab/rna']],
      [['secrets', 'set', 'DB_PASSWORD', '--workspace', 'lab/rna'], VALUE],
    );
  if (serviceAccount !== '') steps.push([['service-accounts', 'create', `lab/${serviceAccount}`]]);
  for (const [args, input = ''] of steps) {
    const { status, stderr } = await box.escrow(args, { input });
    if (status !== 0) throw new Error(`nf-escrow ${args.join(' ')}: ${stderr}`);
  }
  box.env['CURL_CA_BUNDLE'] = caFile;
  writeFileSync(join(box.launch, 'token-file'), server.token, { mode: 0o600 });
  return {
    box,
    input: VALUE,
    edit: (command) =>
      command
        .replace(OPERATOR, `$1 --config ${server.configFile}`)
        .replaceAll(ADDRESS, url)
        .replaceAll('curl ', 'curl -sS --fail-with-body '),
  };
}
