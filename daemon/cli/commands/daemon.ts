import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { readListenAddress } from '../../config/listen-address.ts';
import { followFile } from '../io/follow-file.ts';
import { installDaemon, uninstallDaemon } from '../../service/install-daemon.ts';
import { stopDaemon } from '../../service/stop-daemon.ts';
import type { DaemonStatus, Health, TcpListener } from '../../contract/types.ts';
import type { Context } from '../context.ts';
import { displayOfOutput } from '../io/display.ts';
import { print, printJson, show } from '../io/output.ts';
import { timeFormatter, type TimeOptions } from '../io/time-format.ts';
import { addTimeOption } from '../io/time-option.ts';

export function addDaemon(program: Command, context: Context): void {
  const daemon = program
    .command('daemon')
    .description('Manage the daemon; commands start it when they need it')
    .addHelpText('after', '\nExample: nf-escrow daemon status');
  daemon
    .command('start')
    .description('Start the daemon')
    .option('--stay', 'keep the daemon running when it is idle')
    .option(
      '--listen <HOST:PORT>',
      'loopback address for a TCP listener, until the daemon stops; port 0: any free port',
    )
    .addHelpText('after', '\nExample: nf-escrow daemon start --listen 127.0.0.1:8080')
    .action((options: StartOptions) => startDaemon(context, options));
  daemon
    .command('token')
    .description("Print the token of the daemon's TCP listener")
    .option('--file', 'print the path of the file with the Authorization header, for curl -H @FILE')
    .addHelpText('after', '\nExample: nf-escrow daemon token --file')
    .action(async (options: { file?: boolean }) => {
      const { printToken } = await import('./daemon-token.ts');
      await printToken(context, options);
    });
  daemon
    .command('stop')
    .description('Stop the daemon; runs continue')
    .addHelpText('after', '\nExample: nf-escrow daemon stop')
    .action(() => endDaemon(context));
  addTimeOption(daemon.command('status'))
    .description('Show whether the daemon is running')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow daemon status')
    .action((options: StatusOptions) => daemonStatus(context, options));
  daemon
    .command('takeover')
    .description('Start the daemon on this host if its current host is unreachable')
    .addHelpText('after', '\nExample: nf-escrow daemon takeover')
    .action(() => takeOver(context));
  daemon
    .command('install')
    .description(
      'Install the daemon as a systemd user unit or in the crontab, so that it runs after reboot and logout',
    )
    .option('--cron', 'use the crontab even if a systemd user manager is available')
    .option('--remove', 'uninstall the daemon')
    .addHelpText('after', '\nExample: nf-escrow daemon install')
    .action((options: InstallOptions) => install(context, options));
  daemon
    .command('logs')
    .description("Print the daemon's log; it never contains secret values")
    .option('-f, --follow', 'print new lines as they are written')
    .addHelpText('after', '\nExample: nf-escrow daemon logs -f')
    .action((options: { follow?: boolean }) => daemonLogs(context, options));
}

interface StartOptions {
  readonly stay?: boolean;
  readonly listen?: string;
}

interface StatusOptions extends TimeOptions {
  readonly json?: boolean;
}

interface InstallOptions {
  readonly cron?: boolean;
  readonly remove?: boolean;
}

async function install(context: Context, { cron = false, remove }: InstallOptions): Promise<void> {
  const { settings, command } = context;
  const { env } = process;
  if (remove === true) {
    const done = await uninstallDaemon({ settings, env });
    for (const line of done) print(line);
    if (done.length === 0) print('Nothing was installed.');
    else print('A running daemon continues. Stop it with: nf-escrow daemon stop');
    return;
  }
  await context.startPersistent(); // first: if it fails, nothing is installed
  for (const line of await installDaemon({ settings, command, env, cron })) print(line);
}

async function takeOver(context: Context): Promise<void> {
  await context.takeOver();
  await daemonStatus(context, {});
}

export async function startDaemon(context: Context, { stay, listen }: StartOptions = {}): Promise<void> {
  if (listen !== undefined) readListenAddress(listen); // an invalid address must not start a daemon
  if (stay === true) await context.startPersistent();
  else await (await context.daemon()).call<Health>('GET', '/v1/health');
  if (listen !== undefined)
    await (await context.daemon()).call<DaemonStatus>('PUT', '/v1/daemon/listener', { address: listen });
  await daemonStatus(context, {});
}

export async function daemonStatus(context: Context, options: StatusOptions): Promise<void> {
  const client = await context.daemonIfRunning();
  if (client === undefined) {
    if (options.json === true) printJson({ running: false });
    else print('The daemon is not running. The next command that needs it starts it.');
    return;
  }
  const status = await client.call<DaemonStatus>('GET', '/v1/daemon');
  if (options.json === true) printJson({ running: true, ...status });
  else {
    const { host, pid } = status.process;
    const started = timeFormatter(displayOfOutput(), options)(status.startedAt);
    print(`daemon ${status.version} runs as process ${String(pid)} on ${host}, started ${started}`);
    print(`watching ${String(status.watching)} runs; state in ${status.stateDirectory}`);
    if (status.listener !== undefined) print(describeListener(status.listener));
  }
}

function describeListener({ address, error, tokenFile }: TcpListener): string {
  return error === undefined
    ? `listening on http://${address}; token in ${tokenFile ?? '-'}`
    : `${error} The daemon retries.`;
}

/** Stops the daemon. Runs continue, and the daemon that the next command starts adopts them. */
async function endDaemon(context: Context): Promise<void> {
  const client = await context.daemonIfRunning();
  if (client === undefined) {
    print('The daemon is not running.');
    return;
  }
  await stopDaemon(client);
  print('Stopped the daemon. Runs continue, and their secrets are still removed when they end.');
}

/** Prints the daemon's log, even if the daemon is not running. */
async function daemonLogs(context: Context, { follow }: { follow?: boolean }): Promise<void> {
  const { daemonLog } = context.settings.paths;
  if (!existsSync(daemonLog)) {
    print('There is no log: the daemon has not run yet.');
    return;
  }
  const isFollowing = (): Promise<boolean> => Promise.resolve(follow === true);
  await show(followFile(daemonLog, isFollowing));
}
