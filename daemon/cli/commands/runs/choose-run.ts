import type { Command } from 'commander';
import type { RunList } from '../../../contract/types.ts';
import { EscrowError } from '../../../errors.ts';
import type { Context } from '../../context.ts';

/** The option that stands for RUN. */
interface RunChoice {
  readonly latest?: boolean;
}

/** Adds the argument RUN, which may also be `-` or `--latest`, to a command. */
export function takesRun(command: Command): Command {
  return command
    .argument('[RUN]')
    .option('--latest', 'the newest run that was started in this directory; RUN may also be -');
}

/** Returns the action of a command with the argument RUN: calls `act` with the chosen run. */
export function onRun<Options>(
  context: Context,
  act: (context: Context, wanted: string, options: Options) => Promise<void>,
): (run: string | undefined, options: RunChoice & Options) => Promise<void> {
  return async (run, options) => act(context, await chooseRun(context, run, options), options);
}

/** Returns the id, prefix or name that selects a run. `-` and `--latest` become the id of the newest run of this directory. */
async function chooseRun(
  context: Context,
  wanted: string | undefined,
  { latest = false }: RunChoice,
): Promise<string> {
  if (latest && wanted !== undefined && wanted !== '-')
    throw new EscrowError('usage', `--latest and RUN "${wanted}" cannot be combined.`);
  if (latest || wanted === '-') return newestHere(context);
  if (wanted === undefined)
    throw new EscrowError('usage', 'Missing argument RUN.', {
      hint: "Give a run's id or name, or --latest for the newest run that was started in this directory.",
    });
  return wanted;
}

async function newestHere(context: Context): Promise<string> {
  const launchDirectory = process.cwd();
  const query = new URLSearchParams({ launchDirectory, limit: '1' }).toString();
  const { runs } = await (await context.daemon()).call<RunList>('GET', `/v1/runs?${query}`);
  const [newest] = runs;
  if (newest !== undefined) return newest.id;
  throw new EscrowError('run-not-found', `No run was started in "${launchDirectory}".`, {
    hint: 'Change to the directory of the run, or run `nf-escrow runs list` to see all runs.',
  });
}
