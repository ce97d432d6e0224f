import type { Command } from 'commander';
import { readAll } from '../../../api-client/read-all.ts';
import type { User } from '../../../contract/types.ts';
import type { Context } from '../../context.ts';
import { connectTeamServer } from '../../places.ts';
import { addServerOption, type ServerOption } from '../../io/server-option.ts';
import { confirm } from '../../io/confirm.ts';
import { print, printJson } from '../../io/output.ts';
import { printTable } from '../../io/table.ts';
import type { TimeOptions } from '../../io/time-format.ts';
import { addTimeOption } from '../../io/time-option.ts';
import { addInvitations } from './invitations.ts';

interface ListOptions extends TimeOptions, ServerOption {
  readonly json?: boolean;
}

export function addUsers(program: Command, context: Context): void {
  const users = program
    .command('users')
    .description('Manage users of a team server. Requires an administrator')
    .addHelpText('after', '\nExample: nf-escrow users list');
  addTimeOption(addServerOption(users.command('list')))
    .alias('ls')
    .description('List the users of the server')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow users list')
    .action(async (options: ListOptions) => {
      const found = await readAll<User>(
        await connectTeamServer(context, options.server),
        '/v1/users',
        'users',
      );
      if (options.json === true) {
        printJson({ users: found });
        return;
      }
      const rows = found.map(({ name, email, administrator, state, dateCreated }) => [
        name,
        email ?? '',
        administrator ? 'yes' : '',
        state,
        dateCreated,
      ]);
      await printTable(
        ['USER', 'EMAIL', 'ADMINISTRATOR', 'STATE', { title: 'CREATED', is: 'time' }],
        rows,
        options,
      );
    });
  addInvitations(users, context);
  addServerOption(users.command('suspend'))
    .argument('<USER>')
    .description(
      'Suspend a user: end their sessions and reject all their requests, but keep their roles and tokens',
    )
    .option('--yes', 'skip the confirmation prompt')
    .addHelpText('after', '\nExample: nf-escrow users suspend ada')
    .action(async (user: string, options: ServerOption & { readonly yes?: boolean }) => {
      const client = await connectTeamServer(context, options.server);
      await confirm(`Suspend user ${user}?`, options.yes);
      await client.call('POST', `${pathOf(user)}/suspend`);
      print(`Suspended ${user}.`);
    });
  addServerOption(users.command('resume'))
    .argument('<USER>')
    .description('Resume a suspended user')
    .addHelpText('after', '\nExample: nf-escrow users resume ada')
    .action(async (user: string, { server }: ServerOption) => {
      await (await connectTeamServer(context, server)).call('POST', `${pathOf(user)}/resume`);
      print(`Resumed ${user}.`);
    });
}

function pathOf(user: string): string {
  return `/v1/users/${encodeURIComponent(user)}`;
}
