import type { Command } from 'commander';
import { readAll } from '../../../api-client/read-all.ts';
import type { Token } from '../../../contract/types.ts';
import { EscrowError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { connectTeamServer } from '../../places.ts';
import { addServerOption, type ServerOption } from '../../io/server-option.ts';
import { confirm } from '../../io/confirm.ts';
import { readDays } from '../../io/days.ts';
import { print, printJson } from '../../io/output.ts';
import { printTable } from '../../io/table.ts';
import type { TimeOptions } from '../../io/time-format.ts';
import { addTimeOption } from '../../io/time-option.ts';
import { printFormAddress } from './form-address.ts';

interface CreateOptions extends ServerOption {
  readonly scope: readonly string[];
  readonly serviceAccount?: string;
  readonly workspace?: string;
  readonly days?: string;
  readonly address?: readonly string[];
  readonly json?: boolean;
}

interface ListOptions extends TimeOptions, ServerOption {
  readonly serviceAccount?: string;
  readonly json?: boolean;
}

export function addTokens(program: Command, context: Context): void {
  const tokens = program
    .command('tokens')
    .description('Manage access tokens of a team server')
    .addHelpText('after', '\nExample: nf-escrow tokens create laptop --scope read launch');
  addServerOption(tokens.command('create'))
    .argument('<NAME>')
    .requiredOption('--scope <SCOPE...>', 'one or more of read, launch, secrets:write and manage')
    .option('--service-account <ORG/NAME>', 'service account that owns the token (default: you)')
    .option('--workspace <ORG/NAME>', 'restrict the token to one workspace')
    .option('--days <N>', 'lifetime in days (default: 90)')
    .option(
      '--address <ADDRESS...>',
      'IP addresses or networks (CIDR) from which the token is accepted (default: all)',
    )
    .option('--json', 'JSON output')
    .description('Create a token in a browser: print the address of a form with these settings')
    .addHelpText('after', '\nExample: nf-escrow tokens create laptop --scope read launch --days 30')
    .action((name: string, options: CreateOptions) => createToken(context, name, options));
  addTimeOption(addServerOption(tokens.command('list')))
    .alias('ls')
    .option('--service-account <ORG/NAME>', 'service account whose tokens are listed (default: you)')
    .option('--json', 'JSON output')
    .description('List the metadata of tokens')
    .addHelpText('after', '\nExample: nf-escrow tokens list')
    .action((options: ListOptions) => listTokens(context, options));
  addServerOption(tokens.command('revoke'))
    .argument('<ID>')
    .description('Revoke a token')
    .option('--yes', 'skip the confirmation prompt')
    .addHelpText('after', '\nExample: nf-escrow tokens revoke 5f0c7d9e-8a51-4f43-9d3c-6a4a1d2f7b10')
    .action(async (id: string, options: ServerOption & { readonly yes?: boolean }) => {
      const client = await connectTeamServer(context, options.server);
      await confirm(`Revoke token ${id}?`, options.yes);
      await client.call('DELETE', `/v1/tokens/${encodeURIComponent(id)}`);
      print(`Revoked token ${id}.`);
    });
}

async function createToken(
  context: Context,
  name: string,
  { scope: scopes, serviceAccount, workspace, days, address: addresses, ...options }: CreateOptions,
): Promise<void> {
  await printFormAddress(context, options, 'create the token', {
    path:
      serviceAccount === undefined
        ? ['account']
        : ['organizations', ...splitServiceAccount(serviceAccount, 'service-accounts')],
    fields: { token: name, scopes, workspace, days: readDays(days, 4)?.toString(), addresses },
  });
}

/** Returns ORGANIZATION and NAME with a segment between them. Throws `usage`. */
function splitServiceAccount(title: string, between: string): readonly string[] {
  const [organization, name, ...more] = title.split('/');
  if (organization && name && more.length === 0) return [organization, between, name];
  throw new EscrowError('usage', `--service-account must be ORG/NAME, not "${title}".`);
}

async function listTokens(
  context: Context,
  { serviceAccount, json, server, ...options }: ListOptions,
): Promise<void> {
  const query = serviceAccount === undefined ? '' : `?serviceAccount=${encodeURIComponent(serviceAccount)}`;
  const tokens = await readAll<Token>(
    await connectTeamServer(context, server),
    `/v1/tokens${query}`,
    'tokens',
  );
  if (json === true) {
    printJson({ tokens });
    return;
  }
  const rows = tokens.map(({ id, name, scopes, workspace, expires, lastUsed }) => [
    id,
    name,
    scopes.join(','),
    workspace ?? '',
    expires,
    lastUsed ?? '',
  ]);
  await printTable(
    [
      'ID',
      'NAME',
      'SCOPES',
      'WORKSPACE',
      { title: 'EXPIRES', is: 'time' },
      { title: 'LAST USED', is: 'time' },
    ],
    rows,
    options,
  );
}
