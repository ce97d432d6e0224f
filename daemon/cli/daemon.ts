import { setTimeout as sleep } from 'node:timers/promises';
import type { DaemonStatus, Health } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import type { Context } from './context.ts';
import { print, printJson } from './output.ts';

export async function startDaemon(context: Context): Promise<void> {
  await (await context.daemon()).call<Health>('GET', '/v1/health');
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
    print(`daemon ${status.version} runs as process ${String(status.process.pid)} since ${status.startedAt}`);
    print(`watching ${String(status.watching)} runs; state in ${status.stateDirectory}`);
  }
}

/** Ends the daemon, not the runs: the next command's daemon adopts them. */
export async function stopDaemon(context: Context): Promise<void> {
  const client = await context.daemonIfRunning();
  if (client === undefined) {
    print('No daemon runs.');
    return;
  }
  await client.call('POST', '/v1/daemon/stop');
  for (let tries = 0; tries < 500; tries += 1) {
    if ((await context.daemonIfRunning()) === undefined) {
      print('The daemon has ended. Runs go on; their secrets are removed at their end all the same.');
      return;
    }
    await sleep(20);
  }
  throw new EscrowError('daemon-unavailable', 'The daemon was asked to end, and still answers.');
}
