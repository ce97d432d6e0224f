import type { Command } from 'commander';
import { readAll } from '../../../api-client/read-all.ts';
import type { ServiceAccount } from '../../../contract/types.ts';
import { EscrowError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { confirm } from '../../io/confirm.ts';
import { print, printJson } from '../../io/output.ts';
import { printTable } from '../../io/table.ts';
import type { TimeOptions } from '../../io/time-format.ts';
import { addTimeOption } from '../../io/time-option.ts';

interface ListOptions extends TimeOptions {
  readonly json?: boolean;
}

export function addServiceAccounts(program: Command, context: Context): void {
  const accounts = program
    .command('service-accounts')
    .description('Manage service accounts of organizations of a team server')
    .addHelpText('after', '\nExample: nf-escrow service-accounts create lab/ci');
  accounts
    .command('create')
    .argument('<ORG/NAME>')
    .description('Create a service account for programs such as cron jobs')
    .addHelpText('after', '\nExample: nf-escrow service-accounts create lab/ci')
    .action(async (title: string) => {
      const { path, organization, name } = read(title);
      await (await context.daemon()).call('POST', path, { name });
      print(
        `Created service account ${title}. Add it to a workspace: nf-escrow members add ${organization}/NAME service-account:${name} --role launch`,
      );
    });
  addTimeOption(accounts.command('list'))
    .alias('ls')
    .argument('<ORG>')
    .description('List the service accounts of an organization')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow service-accounts list lab')
    .action(async (organization: string, options: ListOptions) => {
      const path = pathOf(organization);
      const found = await readAll<ServiceAccount>(await context.daemon(), path, 'serviceAccounts');
      if (options.json === true) {
        printJson({ serviceAccounts: found });
        return;
      }
      const rows = found.map(({ name, createdBy, dateCreated }) => [
        `${organization}/${name}`,
        createdBy,
        dateCreated,
      ]);
      await printTable(['SERVICE ACCOUNT', 'CREATED BY', { title: 'CREATED', is: 'time' }], rows, options);
    });
  accounts
    .command('remove')
    .aliases(['rm', 'delete'])
    .argument('<ORG/NAME>')
    .description('Remove a service account, its tokens and its roles')
    .option('--yes', 'skip the confirmation prompt')
    .addHelpText('after', '\nExample: nf-escrow service-accounts remove lab/ci')
    .action(async (title: string, options: { readonly yes?: boolean }) => {
      const { path, name } = read(title);
      await confirm(`Remove service account ${title} with its tokens?`, options.yes);
      await (await context.daemon()).call('DELETE', `${path}/${encodeURIComponent(name)}`);
      print(`Removed service account ${title}.`);
    });
}

function read(title: string): {
  readonly path: string;
  readonly organization: string;
  readonly name: string;
} {
  const [organization = '', name = '', more] = title.split('/');
  if (organization === '' || name === '' || more !== undefined)
    throw new EscrowError('usage', `"${title}" does not name a service account: use ORG/NAME.`);
  return { path: pathOf(organization), organization, name };
}

function pathOf(organization: string): string {
  return `/v1/organizations/${encodeURIComponent(organization)}/service-accounts`;
}
