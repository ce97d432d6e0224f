import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { readAll } from '../../api-client/read-all.ts';
import type { MemberList, Workspace } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { confirm } from '../io/confirm.ts';
import type { Context } from '../context.ts';
import { print, printJson } from '../io/output.ts';
import { printTable } from '../io/table.ts';
import { displayOfOutput } from '../io/display.ts';
import { timeFormatter, type TimeOptions } from '../io/time-format.ts';
import { addTimeOption } from '../io/time-option.ts';
import { findOrganizationPlace, findWorkspacePlace } from '../places.ts';

interface Json {
  readonly json?: boolean;
}

interface ListOptions extends Json, TimeOptions {}

interface CreateOptions {
  readonly shared?: boolean;
  readonly personal?: boolean;
}

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

async function createWorkspace(context: Context, title: string, options: CreateOptions): Promise<void> {
  if (options.shared === true && options.personal === true)
    throw new EscrowError('usage', '--shared and --personal cannot be combined.');
  const slash = title.indexOf('/');
  if (slash < 1)
    throw new EscrowError(
      'usage',
      `Invalid workspace name ${JSON.stringify(title.slice(0, 130))}: it must be ORG/NAME.`,
    );
  const place = await findOrganizationPlace(context, title.slice(0, slash));
  const name = title.slice(slash + 1);
  const visibility = options.shared === true ? 'shared' : options.personal === true ? 'personal' : 'private';
  await place.client.call('POST', '/v1/workspaces', { organization: place.own, name, visibility });
  const created = `${place.title}/${name}`;
  print(`Created ${visibility} workspace ${created}. Make it the default: nf-escrow use ${created}`);
}

async function listWorkspaces(context: Context, options: Json): Promise<void> {
  const own = await readAll<Workspace>(await context.daemon(), '/v1/workspaces', 'workspaces');
  const hasServers = existsSync(context.settings.paths.serversFile);
  const remote = hasServers
    ? await (await import('./servers/list-on-servers.ts')).listOnServers<Workspace>(context, 'workspaces')
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

async function removeWorkspace(context: Context, wanted: string, options: { yes?: boolean }): Promise<void> {
  const { client, path, title } = await findWorkspacePlace(context, wanted);
  const { secrets, etag } = await client.call<Workspace>('GET', path);
  await confirm(`Remove workspace ${title} with its ${String(secrets)} secrets?`, options.yes);
  // Fails if its secrets have changed since the question.
  await client.call('DELETE', path, undefined, { 'if-match': `"${etag}"` });
  print(`Removed workspace ${title}.`);
}
