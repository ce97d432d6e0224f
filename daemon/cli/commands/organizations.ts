import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { readAll } from '../../api-client/read-all.ts';
import type { Organization } from '../../contract/types.ts';
import type { Context } from '../context.ts';
import { confirm } from '../io/confirm.ts';
import { print, printJson } from '../io/output.ts';
import { printTable, type Column } from '../io/table.ts';
import type { TimeOptions } from '../io/time-format.ts';
import { addTimeOption } from '../io/time-option.ts';
import { findOrganizationPlace, placeOfNewOrganization } from '../places.ts';

interface ListOptions extends TimeOptions {
  readonly json?: boolean;
}

const COLUMNS: readonly Column[] = ['ORGANIZATION', 'WORKSPACES', { title: 'CREATED', is: 'time' }];

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
    .action(async (title: string) => {
      const { client, own } = await placeOfNewOrganization(context, title);
      await client.call('POST', '/v1/organizations', { name: own });
      print(`Created organization ${title}. Create a workspace: nf-escrow workspaces create ${title}/NAME`);
    });
  addTimeOption(orgs.command('list'))
    .alias('ls')
    .description('List organizations')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow orgs list')
    .action((options: ListOptions) => listOrganizations(context, options));
  addTimeOption(orgs.command('show'))
    .argument('<ORG>')
    .description('Show an organization')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow orgs show lab')
    .action(async (wanted: string, options: ListOptions) => {
      const { client, path } = await findOrganizationPlace(context, wanted);
      const one = await client.call<Organization>('GET', path);
      if (options.json === true) printJson(one);
      else await printTable(COLUMNS, [rowOf(one)], options);
    });
  orgs
    .command('remove')
    .aliases(['rm', 'delete'])
    .argument('<ORG>')
    .description('Remove an organization that has no workspaces')
    .option('--yes', 'skip the confirmation prompt')
    .addHelpText('after', '\nExample: nf-escrow orgs remove lab')
    .action(async (wanted: string, options: { yes?: boolean }) => {
      const { client, path, title } = await findOrganizationPlace(context, wanted);
      await confirm(`Remove organization ${title}?`, options.yes);
      await client.call('DELETE', path);
      print(`Removed organization ${title}.`);
    });
}

async function listOrganizations(context: Context, options: ListOptions): Promise<void> {
  const own = await readAll<Organization>(await context.daemon(), '/v1/organizations', 'organizations');
  if (!existsSync(context.settings.paths.serversFile)) {
    if (options.json === true) printJson({ organizations: own });
    else await printTable(COLUMNS, own.map(rowOf), options);
    return;
  }
  const { listOnServers } = await import('./servers/list-on-servers.ts');
  const remote = await listOnServers<Organization>(context, 'organizations');
  const organizations = [...own.map((one) => ({ ...one, server: null })), ...remote];
  if (options.json === true) printJson({ organizations });
  else
    await printTable(
      ['SERVER', ...COLUMNS],
      organizations.map((one) => [one.server ?? 'local', ...rowOf(one)]),
      options,
    );
}

function rowOf({ name, workspaces, dateCreated }: Organization): string[] {
  return [name, String(workspaces), dateCreated];
}
