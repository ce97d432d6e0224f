import type { Command } from 'commander';

/** The option of commands that need a team server. */
export interface ServerOption {
  readonly server?: string;
}

export function addServerOption(command: Command): Command {
  return command.option(
    '--server <NAME>',
    'team server, as listed by nf-escrow whoami (default: the one that you are signed in to)',
  );
}
