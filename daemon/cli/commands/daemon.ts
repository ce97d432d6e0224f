import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { followFile } from '../io/follow-file.ts';
import { installDaemon, uninstallDaemon } from '../../service/install-daemon.ts';
import { stopDaemon } from '../../service/stop-daemon.ts';
import type { DaemonStatus, Health } from '../../contract/types.ts';
import type { Context } from '../context.ts';
import { print, printJson, show } from '../io/output.ts';

export function addDaemon(program: Command, context: Context): void {
  const daemon = program
    .command('daemon')
    .description('the process that places, watches and removes; started when needed');
  daemon
    .command('start')
    .description('start it now')
    .option('--stay', 'and have it go on when nobody needs it')
    .addHelpText('after', '\nExample: nf-escrow daemon start')
    .action((options: { stay?: boolean }) => startDaemon(context, options));
  daemon
    .command('stop')
    .description('end it; runs go on')
    .addHelpText('after', '\nExample: nf-escrow daemon stop')
    .action(() => endDaemon(context));
  daemon
    .command('status')
    .description('whether it runs')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample: nf-escrow daemon status')
    .action((options: { json?: boolean }) => daemonStatus(context, options));
  daemon
    .command('takeover')
    .description('start it here, where it was on another host that shows no sign of life')
    .addHelpText('after', '\nExample: nf-escrow daemon takeover')
    .action(() => takeOver(context));
  daemon
    .command('install')
    .description('have it run after a reboot and when nobody is logged in: by systemd, else the crontab')
    .option('--cron', 'by the crontab, also where there is a systemd of your own')
    .option('--remove', 'take that out again')
    .addHelpText('after', '\nExample: nf-escrow daemon install')
    .action((options: InstallOptions) => install(context, options));
  daemon
    .command('logs')
    .description('what it wrote: times, runs, errors; never a value')
    .option('-f, --follow', 'and what it writes from now on')
    .addHelpText('after', '\nExample: nf-escrow daemon logs -f')
    .action((options: { follow?: boolean }) => daemonLogs(context, options));
  daemon
    .command('run', { hidden: true })
    .option('--tell <DESCRIPTOR>') // of a pipe to whoever starts it
    .option('--take-over')
    .option('--stay')
    .action(({ tell, takeOver = false, stay = false }: RunOptions) =>
      context.serve({ tell: tell === undefined ? undefined : Number(tell), takeOver, stay }),
    );
}

interface RunOptions {
  readonly tell?: string;
  readonly takeOver?: boolean;
  readonly stay?: boolean;
}

interface InstallOptions {
  readonly cron?: boolean;
  readonly remove?: boolean;
}

async function install(context: Context, { cron = false, remove }: InstallOptions): Promise<void> {
  const { settings, program } = context;
  const { env } = process;
  if (remove === true) {
    const done = await uninstallDaemon({ settings, env });
    for (const line of done) print(line);
    if (done.length === 0) print('Nothing was installed.');
    else print('A daemon that runs goes on; to end it: nf-escrow daemon stop');
    return;
  }
  await context.startPersistent(); // where that is not possible nothing is written
  for (const line of await installDaemon({ settings, program, env, cron })) print(line);
}

async function takeOver(context: Context): Promise<void> {
  await context.takeOver();
  await daemonStatus(context, {});
}

export async function startDaemon(context: Context, { stay }: { stay?: boolean } = {}): Promise<void> {
  if (stay === true) await context.startPersistent();
  else await (await context.daemon()).call<Health>('GET', '/v1/health');
  await daemonStatus(context, {});
}

export async function daemonStatus(context: Context, options: { json?: boolean }): Promise<void> {
  const client = await context.daemonIfRunning();
  if (client === undefined) {
    if (options.json === true) printJson({ running: false });
    else print('No daemon runs. The first command that needs one starts it.');
    return;
  }
  const status = await client.call<DaemonStatus>('GET', '/v1/daemon');
  if (options.json === true) printJson({ running: true, ...status });
  else {
    const { host, pid } = status.process;
    print(`daemon ${status.version} runs as process ${String(pid)} on ${host} since ${status.startedAt}`);
    print(`watching ${String(status.watching)} runs; state in ${status.stateDirectory}`);
  }
}

/** Ends the daemon, not the runs: the next command's daemon adopts them. */
async function endDaemon(context: Context): Promise<void> {
  const client = await context.daemonIfRunning();
  if (client === undefined) {
    print('No daemon runs.');
    return;
  }
  await stopDaemon(client);
  print('The daemon has ended. Runs go on; their secrets are removed at their end all the same.');
}

/** Shows the daemon's log, of a daemon that is gone as well. */
async function daemonLogs(context: Context, { follow }: { follow?: boolean }): Promise<void> {
  const { daemonLog } = context.settings.paths;
  if (!existsSync(daemonLog)) {
    print('No daemon has run yet.');
    return;
  }
  const goesOn = (): Promise<boolean> => Promise.resolve(follow === true);
  await show(followFile(daemonLog, goesOn));
}
