import type { Command } from 'commander';
import { readAll } from '../../../api-client/read-all.ts';
import type { Invitation } from '../../../contract/types.ts';
import type { Context } from '../../context.ts';
import { connectTeamServer } from '../../places.ts';
import { addServerOption, type ServerOption } from '../../io/server-option.ts';
import { confirm } from '../../io/confirm.ts';
import { print, printJson } from '../../io/output.ts';
import { printTable } from '../../io/table.ts';
import type { TimeOptions } from '../../io/time-format.ts';
import { addTimeOption } from '../../io/time-option.ts';
import { printFormAddress } from './form-address.ts';
import { invitationOf, type InvitationOptions } from './invitation-options.ts';

interface ListOptions extends TimeOptions, ServerOption {
  readonly json?: boolean;
}

/** Adds the commands on invitations and sign-in of users. */
export function addInvitations(users: Command, context: Context): void {
  addServerOption(users.command('invite'))
    .argument('<EMAIL>')
    .option('--user <NAME>', 'name of the account (default: derived from the address)')
    .option('--administrator', 'let the person manage users and create organizations')
    .option('--organization <ORG>', 'organization to which the person is added')
    .option('--role <ROLE>', 'role in the organization: owner, admin or member')
    .option('--days <N>', 'days until the invitation expires (default: 7, maximum: 30)')
    .description('Invite a person in a browser: print the address of a form with these settings')
    .option('--json', 'JSON output')
    .addHelpText(
      'after',
      '\nExample: nf-escrow users invite bob@example.org --organization lab --role member',
    )
    .action(
      async (email: string, options: ServerOption & InvitationOptions & { readonly json?: boolean }) => {
        const { administrator, expiresInDays, ...fields } = invitationOf(email, options);
        await printFormAddress(context, options, 'create the invitation', {
          path: ['invitations'],
          fields: { ...fields, administrator, days: expiresInDays?.toString() },
        });
      },
    );
  addTimeOption(addServerOption(users.command('invitations')))
    .description('List invitations that were neither accepted nor revoked')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow users invitations')
    .action(async (options: ListOptions) => {
      const client = await connectTeamServer(context, options.server);
      const found = await readAll<Invitation>(client, '/v1/invitations', 'invitations');
      if (options.json === true) {
        printJson({ invitations: found });
        return;
      }
      const rows = found.map(({ id, email, organization, role, invitedBy, expires }) => [
        ...[id, email, organization === null ? '' : `${organization} (${role ?? ''})`, invitedBy, expires],
      ]);
      const expiry = { title: 'EXPIRES', is: 'time' } as const;
      await printTable(['ID', 'EMAIL', 'ORGANIZATION', 'INVITED BY', expiry], rows, options);
    });
  addServerOption(users.command('uninvite'))
    .argument('<ID>')
    .description('Revoke an invitation')
    .option('--yes', 'skip the confirmation prompt')
    .addHelpText('after', '\nExample: nf-escrow users uninvite 5f0c7d9e-8a51-4f43-9d3c-6a4a1d2f7b10')
    .action(async (id: string, options: ServerOption & { readonly yes?: boolean }) => {
      const client = await connectTeamServer(context, options.server);
      await confirm(`Revoke invitation ${id}?`, options.yes);
      await client.call('DELETE', `/v1/invitations/${encodeURIComponent(id)}`);
      print(`Revoked invitation ${id}.`);
    });
  addServerOption(users.command('sign-in-link'))
    .argument('<USER>')
    .description('Create a sign-in link in a browser: print the address of a form for this user')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow users sign-in-link bob')
    .action(async (name: string, options: ServerOption & { readonly json?: boolean }) => {
      await printFormAddress(context, options, 'create the sign-in link', {
        path: ['users'],
        fields: { 'sign-in-link': name },
      });
    });
  addServerOption(users.command('sign-out'))
    .argument('<USER>')
    .description('End all sessions of a user. Tokens stay valid')
    .option('--yes', 'skip the confirmation prompt')
    .addHelpText('after', '\nExample: nf-escrow users sign-out bob')
    .action(async (user: string, options: ServerOption & { readonly yes?: boolean }) => {
      const client = await connectTeamServer(context, options.server);
      await confirm(`End all sessions of ${user}?`, options.yes);
      await client.call('DELETE', `/v1/users/${encodeURIComponent(user)}/sessions`);
      print(`Signed ${user} out everywhere.`);
    });
}
