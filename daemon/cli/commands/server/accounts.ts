import type { Command } from 'commander';
import type { TokenInput } from '../../../contract/types.ts';
import type { ServerOptions } from '../../../server/configuration/server-settings.ts';
import { readDays } from '../../io/days.ts';
import { print, writeError } from '../../io/output.ts';
import { invitationOf, printLink, type InvitationOptions } from '../team/invitation-options.ts';
import { addServerOptions, settingsOf } from './server-options.ts';

interface UserOptions extends ServerOptions {
  readonly administrator?: boolean;
}

interface TokenOptions extends ServerOptions {
  readonly user: string;
  readonly scope: TokenInput['scopes'];
  readonly workspace?: string;
  readonly days?: string;
  readonly address?: string[];
  readonly tokenFile?: string;
}

export function addServeAccounts(serve: Command): void {
  const users = serve
    .command('user')
    .description('Manage users of a team server. Run the commands on the host of the server')
    .addHelpText('after', '\nExample: nf-escrow serve user create ada');
  addServerOptions(users.command('create'))
    .argument('<NAME>')
    .option('--administrator', 'let the user manage users and create organizations')
    .description('Create a user, who has no role and no token yet')
    .addHelpText('after', '\nExample: nf-escrow serve user create ada')
    .action(async (name: string, _own: object, command: Command) => {
      const { administrator = false, ...options } = command.optsWithGlobals<UserOptions>();
      const { createServerUser } = await import('../../../server/accounts/operate.ts');
      await createServerUser(await settingsOf(options), { name, administrator });
      print(`Created user ${name}. Create a token: nf-escrow serve token create NAME --user ${name}`);
    });
  addServerOptions(users.command('invite'))
    .argument('<EMAIL>')
    .option(
      '--user <NAME>',
      'name of the account (default: derived from the address). If the account exists, the person can then sign in to it',
    )
    .option('--administrator', 'let the person manage users and create organizations')
    .option('--organization <ORG>', 'organization to which the person is added')
    .option('--role <ROLE>', 'role in the organization: owner, admin or member')
    .option('--days <N>', 'days until the invitation expires (default: 7, maximum: 30)')
    .description('Invite a person and print the link. It cannot be printed again')
    .addHelpText(
      'after',
      '\nExample: nf-escrow serve user invite bob@example.org --organization lab --role member',
    )
    .action(async (email: string, _own: object, command: Command) => {
      const options = command.optsWithGlobals<ServerOptions & InvitationOptions>();
      const { createServerInvitation } = await import('../../../server/accounts/operate.ts');
      const { link, invitation } = await createServerInvitation(
        await settingsOf(options),
        invitationOf(email, options),
      );
      printLink(
        `Send this link to ${invitation.email}. It can be used once and expires at ${invitation.expires}:`,
        link,
      );
    });
  addServerOptions(users.command('sign-in-link'))
    .argument('<NAME>')
    .description('Create a link with which a user signs in once, and print it')
    .addHelpText('after', '\nExample: nf-escrow serve user sign-in-link ada')
    .action(async (name: string, _own: object, command: Command) => {
      const options = command.optsWithGlobals<ServerOptions>();
      const { createServerSignInLink } = await import('../../../server/accounts/operate.ts');
      const { link, user, expires } = await createServerSignInLink(await settingsOf(options), name);
      printLink(`Send this link to ${user}. It can be used once and expires at ${expires}:`, link);
    });
  const tokens = serve
    .command('token')
    .description('Manage tokens of a team server. Run the commands on the host of the server')
    .addHelpText('after', '\nExample: nf-escrow serve token create laptop --user ada --scope read launch');
  addServerOptions(tokens.command('create'))
    .argument('<NAME>')
    .requiredOption('--user <USER>', 'user to whom the token belongs')
    .requiredOption('--scope <SCOPE...>', 'read, launch, secrets:write, manage')
    .option('--workspace <ORG/NAME>', 'restrict the token to a workspace')
    .option('--days <N>', 'lifetime in days (default: 90, maximum: 365)')
    .option('--address <ADDRESS...>', 'accept the token only from these addresses or networks')
    .option('--token-file <FILE>', 'file to create for the token, instead of printing it')
    .description('Create a token of a user')
    .addHelpText('after', '\nExample: nf-escrow serve token create laptop --user ada --scope read launch')
    .action(async (name: string, _own: object, command: Command) => {
      await createToken(name, command.optsWithGlobals<TokenOptions>());
    });
}

async function createToken(
  name: string,
  { user, scope: scopes, workspace, days, address: addresses, tokenFile, ...options }: TokenOptions,
): Promise<void> {
  const expiresInDays = readDays(days, 4);
  const { createServerToken } = await import('../../../server/accounts/operate.ts');
  const input = {
    ...{ user, name, scopes },
    ...(workspace === undefined ? {} : { workspace }),
    ...(addresses === undefined ? {} : { addresses }),
    ...(expiresInDays === undefined ? {} : { expiresInDays }),
  };
  const { token, text } = await createServerToken(await settingsOf(options), input, tokenFile);
  if (tokenFile === undefined) {
    // Only the token is on standard output, so that a command can read it from there.
    writeError(`Created token ${token.id}. This is the only time that it is shown:\n`);
    print(text);
  } else print(`Created token ${token.id} in ${tokenFile}.`);
}
