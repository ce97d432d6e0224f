import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { readAll } from '../../api-client/read-all.ts';
import type { MemberList, Organization, Workspace } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { confirm } from '../io/confirm.ts';
import type { Context } from '../context.ts';
import { print, printJson } from '../io/output.ts';
import { printTable, type Column } from '../io/table.ts';
import { displayOfOutput } from '../io/display.ts';
import { timeFormatter, type TimeOptions } from '../io/time-format.ts';
import { addTimeOption } from '../io/time-option.ts';
import { findWorkspacePlace, workspacePath } from './secrets/scope.ts';

interface Json {
  readonly json?: boolean;
}

interface ListOptions extends Json, TimeOptions {}

interface CreateOptions {
  readonly shared?: boolean;
  readonly personal?: boolean;
}

const ORGANIZATION_COLUMNS: readonly Column[] = [
  'ORGANIZATION',
  'WORKSPACES',
  { title: 'CREATED', is: 'time' },
];

export function addWorkspaces(program: Command, context: Context): void {
  const workspaces = program
    .command('workspaces')
    .description('Manage workspaces, which hold secrets for pipelines')
    .addHelpText('after', '\nExample: nf-escrow workspaces create lab/rna');
  workspaces
    .command('create')
    .argument('<ORG/NAME>')
    .description('Create a workspace (default: private)')
    .option('--shared', 'visible to all members of the organization')
    .option('--personal', 'for one person; its runs get no secrets')
    .addHelpText('after', '\nExample: nf-escrow workspaces create lab/rna')
    .action((title: string, options: CreateOptions) => createWorkspace(context, title, options));
  workspaces
    .command('list')
    .alias('ls')
    .description('List workspaces')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow workspaces list')
    .action((options: Json) => listWorkspaces(context, options));
  addTimeOption(workspaces.command('show'))
    .argument('<ORG/NAME>')
    .description('Show a workspace and its members')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow workspaces show lab/rna')
    .action((title: string, options: ListOptions) => showWorkspace(context, title, options));
  workspaces
    .command('remove')
    .aliases(['rm', 'delete'])
    .argument('<ORG/NAME>')
    .description('Remove a workspace and its secrets')
    .option('--yes', 'skip the confirmation prompt')
    .addHelpText('after', '\nExample: nf-escrow workspaces remove lab/rna')
    .action((title: string, options: { yes?: boolean }) => removeWorkspace(context, title, options));
}

export function addOrganizations(program: Command, context: Context): void {
  const orgs = program
    .command('orgs')
    .description('Manage organizations, which hold workspaces')
    .addHelpText('after', '\nExample: nf-escrow orgs create lab');
  orgs
    .command('create')
    .argument('<ORG>')
    .description('Create an organization')
    .addHelpText('after', '\nExample: nf-escrow orgs create lab')
    .action(async (name: string) => {
      await (await context.daemon()).call('POST', '/v1/organizations', { name });
      print(`Created organization ${name}. Create a workspace: nf-escrow workspaces create ${name}/NAME`);
    });
  addTimeOption(orgs.command('list'))
    .alias('ls')
    .description('List organizations')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow orgs list')
    .action(async (options: ListOptions) => {
      const daemon = await context.daemon();
      const organizations = await readAll<Organization>(daemon, '/v1/organizations', 'organizations');
      if (options.json === true) printJson({ organizations });
      else await printTable(ORGANIZATION_COLUMNS, organizations.map(rowOf), options);
    });
  addTimeOption(orgs.command('show'))
    .argument('<ORG>')
    .description('Show an organization')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow orgs show lab')
    .action(async (name: string, options: ListOptions) => {
      const one = await (await context.daemon()).call<Organization>('GET', organizationPath(name));
      if (options.json === true) printJson(one);
      else await printTable(ORGANIZATION_COLUMNS, [rowOf(one)], options);
    });
  orgs
    .command('remove')
    .aliases(['rm', 'delete'])
    .argument('<ORG>')
    .description('Remove an organization that has no workspaces')
    .option('--yes', 'skip the confirmation prompt')
    .addHelpText('after', '\nExample: nf-escrow orgs remove lab')
    .action(async (name: string, options: { yes?: boolean }) => {
      await confirm(`Remove organization ${name}?`, options.yes);
      await (await context.daemon()).call('DELETE', organizationPath(name));
      print(`Removed organization ${name}.`);
    });
}

async function createWorkspace(context: Context, title: string, options: CreateOptions): Promise<void> {
  if (options.shared === true && options.personal === true)
    throw new EscrowError('usage', '--shared and --personal cannot be combined.');
  workspacePath(title);
  const [organization, name] = title.split('/');
  const visibility = options.shared === true ? 'shared' : options.personal === true ? 'personal' : 'private';
  await (await context.daemon()).call('POST', '/v1/workspaces', { organization, name, visibility });
  print(`Created ${visibility} workspace ${title}. Make it the default: nf-escrow use ${title}`);
}

async function listWorkspaces(context: Context, options: Json): Promise<void> {
  const own = await readAll<Workspace>(await context.daemon(), '/v1/workspaces', 'workspaces');
  const hasServers = existsSync(context.settings.paths.serversFile);
  const remote = hasServers
    ? await (await import('./servers/list-remote-workspaces.ts')).listRemoteWorkspaces(context)
    : [];
  const workspaces = [...own.map((one) => ({ ...one, server: null })), ...remote];
  if (options.json === true) {
    printJson({ workspaces: hasServers ? workspaces : own });
    return;
  }
  const rows = workspaces.map((one) => {
    const title = `${one.organization}/${one.name}`;
    const place = one.server ?? 'local';
    const isDefault = [title, `${place}:${title}`].includes(context.settings.workspace);
    return [
      ...(hasServers ? [place] : []),
      ...[title, one.visibility, one.role, String(one.secrets), isDefault ? '*' : ''],
    ];
  });
  const columns = ['WORKSPACE', 'VISIBILITY', 'ROLE', 'SECRETS', 'DEFAULT'];
  await printTable([...(hasServers ? ['SERVER'] : []), ...columns], rows);
}

async function showWorkspace(context: Context, wanted: string, options: ListOptions): Promise<void> {
  const { client, path, title } = await findWorkspacePlace(context, wanted);
  const workspace = await client.call<Workspace>('GET', path);
  const { members } = await client.call<MemberList>('GET', `${path}/members`);
  if (options.json === true) {
    printJson({ ...workspace, members });
    return;
  }
  print(`workspace   ${title}`);
  print(`visibility  ${workspace.visibility}`);
  print(`secrets     ${String(workspace.secrets)}`);
  print(`created     ${timeFormatter(displayOfOutput(), options)(workspace.dateCreated)}`);
  for (const { user, role } of members) print(`member      ${user} (${role})`);
}

async function removeWorkspace(context: Context, title: string, options: { yes?: boolean }): Promise<void> {
  const daemon = await context.daemon();
  const { secrets, etag } = await daemon.call<Workspace>('GET', workspacePath(title));
  await confirm(`Remove workspace ${title} with its ${String(secrets)} secrets?`, options.yes);
  // Fails if its secrets have changed since the question.
  await daemon.call('DELETE', workspacePath(title), undefined, { 'if-match': `"${etag}"` });
  print(`Removed workspace ${title}.`);
}

function organizationPath(name: string): string {
  return `/v1/organizations/${encodeURIComponent(name)}`;
}

function rowOf({ name, workspaces, dateCreated }: Organization): string[] {
  return [name, String(workspaces), dateCreated];
}
