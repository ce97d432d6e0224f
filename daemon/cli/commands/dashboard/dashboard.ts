import { hostname, userInfo } from 'node:os';
import type { Command } from 'commander';
import type { Dashboard, DashboardInput } from '../../../contract/types.ts';
import { EscrowError } from '../../../errors.ts';
import { quoteShellWord } from '../../../system/processes/shell-word.ts';
import type { Context } from '../../context.ts';
import { print } from '../../io/output.ts';
import { count } from '../../../system/count.ts';
import { openInBrowser } from './open-in-browser.ts';

interface DashboardOptions {
  readonly port?: string;
  readonly open: boolean;
}

/** Port on the person's own machine in the printed SSH command. */
const FORWARDED_PORT = 8080;

export function addDashboard(program: Command, context: Context): void {
  program
    .command('dashboard')
    .description('Open the dashboard, a web page for secrets and runs')
    .option(
      '--port <N>',
      'port of the dashboard (default: any free port). In an SSH session: port on your own machine (default: 8080)',
    )
    .option('--no-open', 'print the link, and do not open a browser')
    .addHelpText('after', '\nExample: nf-escrow dashboard')
    .action((options: DashboardOptions) => dashboard(context, options));
}

async function dashboard(context: Context, { port: given, open }: DashboardOptions): Promise<void> {
  const port = given === undefined ? undefined : readPort(given);
  if (process.env['SSH_CONNECTION']) await overSsh(context, port ?? FORWARDED_PORT);
  else await onThisMachine(context, port, open);
}

async function onThisMachine(context: Context, port: number | undefined, open: boolean): Promise<void> {
  const dashboard = await request(context, {
    via: 'tcp',
    ...(port === undefined ? {} : { port }),
    redirectFile: open,
  });
  const { url = '', code, redirectFile } = dashboard;
  print(`The dashboard of ${userInfo().username}@${hostname()} is at ${url}`);
  const isOpening = redirectFile !== undefined && (await openInBrowser(redirectFile));
  print(
    isOpening
      ? 'It opens in your browser. If it does not, use this link.'
      : 'Open this link in your browser.',
  );
  print(lifetime(dashboard));
  print(`${url}#code=${code}`);
}

/**
 * Other people can connect to a TCP port of a login node. SSH forwards the page socket instead, which is in a directory that
 * only the user can enter.
 */
async function overSsh(context: Context, port: number): Promise<void> {
  const dashboard = await request(context, { via: 'socket' });
  const { socket = '', code } = dashboard;
  print(`To open the dashboard of ${hostname()}, run this command on your own machine:`);
  print('');
  print(`  ssh -L ${String(port)}:${quoteShellWord(socket)} ${userInfo().username}@${hostname()}`);
  print('');
  print('While the command runs, open this link in a browser on your own machine.');
  print(lifetime(dashboard));
  print(`http://localhost:${String(port)}/#code=${code}`);
}

async function request(context: Context, input: DashboardInput): Promise<Dashboard> {
  return (await context.daemon()).call<Dashboard>('POST', '/v1/dashboard', input);
}

function lifetime({ codeExpires }: Dashboard): string {
  const minutes = Math.max(1, Math.round((Date.parse(codeExpires) - Date.now()) / 60_000));
  return `The link works once and expires in ${count(minutes, 'minute')}:`;
}

function readPort(text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : NaN;
  if (port <= 65_535) return port;
  throw new EscrowError('usage', `--port must be a number from 0 to 65535, not "${text}".`);
}
