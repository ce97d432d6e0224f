import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { readAll } from '../../api-client/read-all.ts';
import type { Run } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { findInstalled, removeInstalled, removeState, type Installed } from '../../service/uninstall.ts';
import { stopDaemon } from '../../service/stop-daemon.ts';
import { count } from '../../system/count.ts';
import type { Context } from '../context.ts';
import { confirm } from '../io/confirm.ts';
import { print } from '../io/output.ts';

interface UninstallOptions {
  readonly deleteState?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function addUninstall(program: Command, context: Context): void {
  program
    .command('uninstall')
    .description('Remove what nf-escrow has set up for you on this host; keep the secrets unless you confirm')
    .option('--delete-state', 'also delete the secrets, the records of runs, the settings and the keys')
    .option('--dry-run', 'list what would be removed, and remove nothing')
    .option('--yes', 'remove without confirmation; keep the state unless --delete-state is set')
    .addHelpText('after', '\nExample: nf-escrow uninstall --dry-run')
    .action((options: UninstallOptions) => uninstall(context, options));
}

/**
 * Implements `nf-escrow uninstall`. Stops the daemon. Fails with `run-alive` while there are live runs or pending removals, because
 * without the daemon and its ledger nothing would remove their secrets.
 */
async function uninstall(context: Context, options: UninstallOptions): Promise<void> {
  const { settings } = context;
  const { env } = process;
  const installed = await findInstalled({ settings, env });
  const all = [...installed.starters, ...installed.files, ...installed.state];
  if (all.length === 0) {
    print('Nothing is installed.');
    return;
  }
  if (options.dryRun === true) {
    list('Would remove', [...installed.starters, ...installed.files]);
    list(options.deleteState === true ? 'Would delete' : 'Would keep, unless you confirm', installed.state);
    return;
  }
  if (options.deleteState === true && installed.foreign !== undefined)
    throw new EscrowError(
      'path-conflict',
      `Cannot delete "${settings.paths.state}": it contains "${installed.foreign}", which nf-escrow did not create.`,
      {
        hint: 'Move this file elsewhere, or run the command without --delete-state and delete the files yourself.',
      },
    );
  await assertNoOpenRuns(context);
  list('Will remove', [...installed.starters, ...installed.files]);
  if (installed.starters.length + installed.files.length > 0) await confirm('Remove these?', options.yes);
  const deletesState = await shouldDeleteState(installed, options);
  const daemon = await context.daemonIfRunning();
  if (daemon !== undefined) await stopDaemon(daemon);
  await removeInstalled({ settings, env }, installed);
  if (deletesState) removeState(installed);
  print(deletesState ? 'Removed, with all secrets and records.' : 'Removed.');
  if (!deletesState) list('Kept', installed.state);
  print('Not removed: the program, wrappers of `nf-escrow shim`, shell completion, what other hosts have.');
}

/** Starts the daemon, which completes interrupted removals, if there is a ledger. */
async function assertNoOpenRuns(context: Context): Promise<void> {
  if (!existsSync(context.settings.paths.ledger)) return;
  const open = await readAll<Run>(await context.daemon(), '/v1/runs?state=open', 'runs');
  if (open.length === 0) return;
  throw new EscrowError(
    'run-alive',
    `Cannot uninstall: ${count(open.length, 'run')} ${open.length === 1 ? 'is' : 'are'} live or has pending removals, such as ${open[0]?.id ?? ''}.`,
    { hint: 'See `nf-escrow status`. Wait for the runs, or cancel them: nf-escrow runs cancel RUN' },
  );
}

/** A second question, because the deletion of secrets cannot be undone. Without a terminal, the state is kept. */
async function shouldDeleteState({ state, foreign }: Installed, options: UninstallOptions): Promise<boolean> {
  if (state.length === 0 || foreign !== undefined) return false;
  if (options.deleteState === true) {
    await confirm(`Delete all secrets, records, settings and keys in ${state.join(', ')}?`, options.yes);
    return true;
  }
  if (options.yes === true || !process.stdin.isTTY) return false;
  try {
    await confirm(`Also delete all secrets, records, settings and keys in ${state.join(', ')}?`, false);
    return true;
  } catch (error) {
    if (error instanceof EscrowError && error.code === 'usage') return false;
    throw error;
  }
}

function list(title: string, items: readonly string[]): void {
  if (items.length === 0) return;
  print(`${title}:`);
  for (const item of items) print(`  ${item}`);
}
