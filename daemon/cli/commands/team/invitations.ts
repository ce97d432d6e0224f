import type { Command } from 'commander';
import { readAll } from '../../../api-client/read-all.ts';
import type { CreatedInvitation, CreatedSignInLink, Invitation } from '../../../contract/types.ts';
import type { Context } from '../../context.ts';
import { connectTeamServer } from '../../places.ts';
import { addServerOption, type ServerOption } from '../../io/server-option.ts';
import { confirm } from '../../io/confirm.ts';
import { print, printJson } from '../../io/output.ts';
import { printTable } from '../../io/table.ts';
import type { TimeOptions } from '../../io/time-format.ts';
import { addTimeOption } from '../../io/time-option.ts';
import { invitationOf, printLink, type InvitationOptions } from './invitation-options.ts';

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
    .description('Invite a person and print the link. Requires a session: a token cannot invite')
    .addHelpText(
      'after',
      '\nExample: nf-escrow users invite bob@example.org --organization lab --role member',
    )
    .action(async (email: string, options: ServerOption & InvitationOptions) => {
      const client = await connectTeamServer(context, options.server);
      const { link, invitation } = await client.call<CreatedInvitation>(
        'POST',
        '/v1/invitations',
        invitationOf(email, options),
      );
      printLink(`Send this link to ${invitation.email}. It works once, until ${invitation.expires}:`, link);
    });
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
    .description('Create a link with which a user signs in once. Requires a session')
    .addHelpText('after', '\nExample: nf-escrow users sign-in-link bob')
    .action(async (name: string, { server }: ServerOption) => {
      const client = await connectTeamServer(context, server);
      const path = `/v1/users/${encodeURIComponent(name)}/sign-in-links`;
      const { link, user, expires } = await client.call<CreatedSignInLink>('POST', path);
      printLink(`Send this link to ${user}. It works once, until ${expires}:`, link);
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
