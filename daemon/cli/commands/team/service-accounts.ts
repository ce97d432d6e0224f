import type { Command } from 'commander';
import type { Client } from '../../../api-client/client.ts';
import { readAll } from '../../../api-client/read-all.ts';
import type { ServiceAccount } from '../../../contract/types.ts';
import { EscrowError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { findOrganizationPlace } from '../../places.ts';
import { confirm } from '../../io/confirm.ts';
import { print, printJson } from '../../io/output.ts';
import { printTable } from '../../io/table.ts';
import type { TimeOptions } from '../../io/time-format.ts';
import { addTimeOption } from '../../io/time-option.ts';

interface ListOptions extends TimeOptions {
  readonly json?: boolean;
}

/** Below the path of an organization. */
const ACCOUNTS = 'service-accounts';

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
    .action(async (wanted: string) => {
      const { client, accounts, organization, name } = await findAccount(context, wanted);
      await client.call('POST', accounts, { name });
      print(
        `Created service account ${organization}/${name}. Add it to a workspace: nf-escrow members add ${organization}/NAME service-account:${name} --role launch`,
      );
    });
  addTimeOption(accounts.command('list'))
    .alias('ls')
    .argument('<ORG>')
    .description('List the service accounts of an organization')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow service-accounts list lab')
    .action(async (wanted: string, options: ListOptions) => {
      const { client, path, title } = await findOrganizationPlace(context, wanted);
      const found = await readAll<ServiceAccount>(client, `${path}/${ACCOUNTS}`, 'serviceAccounts');
      if (options.json === true) {
        printJson({ serviceAccounts: found });
        return;
      }
      const rows = found.map(({ name, createdBy, dateCreated }) => [
        `${title}/${name}`,
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
    .action(async (wanted: string, options: { readonly yes?: boolean }) => {
      const { client, accounts, organization, name } = await findAccount(context, wanted);
      await confirm(`Remove service account ${organization}/${name} with its tokens?`, options.yes);
      await client.call('DELETE', `${accounts}/${encodeURIComponent(name)}`);
      print(`Removed service account ${organization}/${name}.`);
    });
}

/** Finds the organization of service account [SERVER:]ORG/NAME. Throws `usage`, and like `findOrganizationPlace`. */
async function findAccount(
  context: Context,
  wanted: string,
): Promise<{
  readonly client: Client;
  readonly accounts: string;
  readonly organization: string;
  readonly name: string;
}> {
  const [wantedOrganization = '', name = '', more] = wanted.split('/');
  if (wantedOrganization === '' || name === '' || more !== undefined)
    throw new EscrowError(
      'usage',
      `${JSON.stringify(wanted.slice(0, 130))} does not name a service account: use ORG/NAME.`,
    );
  const { client, path, title } = await findOrganizationPlace(context, wantedOrganization);
  return { client, accounts: `${path}/${ACCOUNTS}`, organization: title, name };
}
