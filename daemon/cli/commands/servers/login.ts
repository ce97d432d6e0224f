import type { Command } from 'commander';
import { resolve } from 'node:path';
import {
  connectStored,
  readStoredServers,
  writeStoredServers,
  type StoredServer,
} from '../../../api-client/https/stored-servers.ts';
import { isTokenText } from '../../../access/tokens/token-format.ts';
import { EscrowError } from '../../../errors.ts';
import { LOCAL, notStored } from '../../../sources/find-on-servers.ts';
import type { Context } from '../../context.ts';
import { print, warn } from '../../io/output.ts';
import { promptHidden } from '../../io/passphrase.ts';
import { readAtMost } from '../../io/read-input.ts';
import { readIdentity } from './read-identity.ts';
import { giveUpToken } from './give-up-token.ts';
import { requestToken } from './request-token.ts';
import { whoAmI } from './whoami.ts';

interface LoginOptions {
  readonly tokenStdin?: boolean;
  readonly scope?: readonly string[];
  readonly name?: string;
  readonly caFile?: string;
}

const TOKEN_MAX = 200;
const NAME = /^[a-z0-9][a-z0-9.-]{0,252}$/;
/** The scopes that runs need. */
const NEEDED = ['read', 'launch'] as const;

export function addLogin(program: Command, context: Context): void {
  program
    .command('login')
    .argument('<URL>')
    .description('Sign in to a team server, so that runs and commands can use its workspaces')
    .option('--token-stdin', 'read a token from a hidden prompt or standard input')
    .option('--scope <SCOPE...>', 'scopes of the new token (default: read launch)')
    .option('--name <NAME>', 'name of the server in SERVER:ORG/NAME (default: its host name)')
    .option('--ca-file <FILE>', 'certificates that are trusted instead of those of the system')
    .addHelpText('after', '\nExample: nf-escrow login https://escrow.example.org')
    .action((url: string, options: LoginOptions) => login(context, url, options));
  program
    .command('logout')
    .argument('[URL]', 'address or name of the server')
    .description(
      'Sign out of a team server: revoke the token that login created, and delete it from this machine',
    )
    .addHelpText('after', '\nExample: nf-escrow logout https://escrow.example.org')
    .action((wanted: string | undefined) => logout(context, wanted));
  program
    .command('whoami')
    .description('Show the team servers that you are signed in to, and your account on each')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow whoami')
    .action((options: { json?: boolean }) => whoAmI(context, options));
}

async function login(context: Context, text: string, options: LoginOptions): Promise<void> {
  const { serversFile } = context.settings.paths;
  const url = readUrl(text);
  if (options.tokenStdin === true && options.scope !== undefined)
    throw new EscrowError(
      'usage',
      'Cannot combine --token-stdin and --scope: the token has its scopes already.',
    );
  const name = options.name ?? new URL(url).hostname;
  const stored = readStoredServers(serversFile);
  const others = stored.filter((one) => one.url !== url);
  assertName(name, others);
  const caFile = options.caFile === undefined ? null : resolve(options.caFile);
  const token =
    options.tokenStdin === true ? await readToken() : await requestToken(new URL(url), caFile, options.scope);
  const server: StoredServer = { name, url, token, caFile, createdByLogin: options.tokenStdin !== true };
  const client = connectStored(server);
  const { name: user, scopes } = await readIdentity(client, name).finally(() => {
    client.close();
  });
  writeStoredServers(serversFile, [...others, server]);
  const replaced = stored.find((one) => one.url === url);
  if (replaced !== undefined && replaced.token !== token) await giveUpToken(replaced);
  print(`Signed in to ${name} as ${user}. List its workspaces: nf-escrow workspaces list`);
  const missing = NEEDED.filter((scope) => scopes?.includes(scope) === false);
  if (missing.length > 0)
    warn(`runs cannot use secrets of ${name}: the token does not have the scope ${missing.join(', ')}`);
}

async function logout(context: Context, wanted: string | undefined): Promise<void> {
  const { serversFile } = context.settings.paths;
  const servers = readStoredServers(serversFile);
  const [only, ...more] = servers;
  if (wanted === undefined && more.length > 0)
    throw new EscrowError('usage', 'Cannot sign out: you are signed in to several servers.', {
      hint: `Name one of: ${servers.map(({ name }) => name).join(', ')}`,
    });
  const leaving =
    wanted === undefined
      ? only
      : servers.find(({ name, url }) => name === wanted || url === wanted.replace(/\/+$/, ''));
  if (leaving === undefined) throw notStored(wanted ?? '', servers);
  writeStoredServers(
    serversFile,
    servers.filter((one) => one !== leaving),
  );
  await giveUpToken(leaving);
  print(`Signed out of ${leaving.name}.`);
}

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && url.username + url.password + url.search + url.hash === '';
  if (url?.protocol === 'https:' && isPlain) return url.href.replace(/\/+$/, '');
  throw new EscrowError('usage', 'Cannot sign in: the address of the server is not valid.', {
    hint: 'Use an address such as https://escrow.example.org, without a user name or a query.',
  });
}

function assertName(name: string, others: readonly StoredServer[]): void {
  if (!NAME.test(name) || name === LOCAL)
    throw new EscrowError('usage', `Cannot sign in: a server cannot have the name "${name.slice(0, 253)}".`, {
      hint: 'Add --name NAME with lower-case letters, digits, dots and hyphens. `local` is reserved for this machine.',
    });
  if (others.some((other) => other.name === name))
    throw new EscrowError('usage', `Cannot sign in: another server has the name ${name}.`, {
      hint: 'Choose another name with --name NAME.',
    });
}

/** Never quotes what it reads: a mistyped token may be another secret. */
async function readToken(): Promise<string> {
  const text = process.stdin.isTTY
    ? await promptHidden('Token:')
    : (await readAtMost(process.stdin, TOKEN_MAX)).toString('utf8');
  const token = text.trim();
  if (isTokenText(token)) return token;
  throw new EscrowError('usage', 'Cannot sign in: standard input contains no token of nf-escrow.', {
    hint: 'A token starts with nfe_ and has 53 characters.',
  });
}
