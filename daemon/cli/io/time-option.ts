import { Option, type Command } from 'commander';
import type { TimeFormat } from './time-format.ts';

/** Adds --time to a command that shows times. */
export function addTimeOption(command: Command): Command {
  return command.addOption(
    new Option('--time <FORMAT>', 'exact or relative times (default: relative on a terminal)').choices([
      'exact',
      'relative',
    ] satisfies TimeFormat[]),
  );
}
