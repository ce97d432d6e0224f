import { Command, type ErrorOptions } from 'commander';
import { withSuggestion } from '../contract/nearest-name.ts';
import { commands } from '../nextflow/launcher/options.ts';
import { EscrowError } from '../errors.ts';

/** A command of commander that throws its errors as `usage`, in the form of all other messages. */
export class EscrowCommand extends Command {
  override createCommand(name?: string): EscrowCommand {
    return new EscrowCommand(name);
  }

  override error(message: string, { code = '' }: ErrorOptions = {}): never {
    const text = message.replace(/^error: /, '');
    throw new EscrowError('usage', rephrase[code]?.(text, this) ?? `${text}.`, {
      hint: hintFor(code, text, this),
    });
  }
}

/** Returns the words that start a command: `nf-escrow runs list`. */
function titleOfCommand(command: Command): string {
  return command.parent === null ? command.name() : `${titleOfCommand(command.parent)} ${command.name()}`;
}

/** Returns the hint that points to the help of a command. */
export function helpHint(command: Command): string {
  return `Run \`${titleOfCommand(command)} --help\` for usage.`;
}

type Rephrase = (text: string, command: Command) => string;

/** By commander's error code. Commander quotes what its message is about, and the quoted text may contain quotes. */
const rephrase: Readonly<Record<string, Rephrase>> = {
  'commander.unknownCommand': (text, command) => {
    const name = quoted(text);
    const names = command
      .createHelp()
      .visibleCommands(command)
      .map((each) => each.name());
    const of = command.parent === null ? '' : ` of ${titleOfCommand(command)}`;
    return withSuggestion(`Unknown command "${name}"${of}.`, name, names);
  },
  'commander.unknownOption': (text, command) => {
    // The value of a misspelled option may be a secret.
    const [name = ''] = quoted(text).split('=', 1);
    const options = command.createHelp().visibleOptions(command);
    const names = options.flatMap(({ long }) => long ?? []);
    return withSuggestion(`Unknown option "${name}" of ${titleOfCommand(command)}.`, name, names);
  },
  'commander.missingArgument': (text, command) =>
    `Missing argument ${quoted(text)} of ${titleOfCommand(command)}.`,
  'commander.optionMissingArgument': (text, command) =>
    `Option ${bare(quoted(text))} of ${titleOfCommand(command)} requires a value.`,
  'commander.missingMandatoryOptionValue': (text, command) =>
    `Missing option ${bare(quoted(text))} of ${titleOfCommand(command)}.`,
  // Does not quote the arguments: one of them may be a secret value.
  'commander.excessArguments': (_text, command) => {
    const names = command.registeredArguments.map((each) => each.name());
    const expected = names.length === 0 ? 'it takes none' : `it takes only ${names.join(' ')}`;
    return `Too many arguments of ${titleOfCommand(command)}: ${expected}.`;
  },
};

/** Points `nf-escrow main.nf` and `nf-escrow nf-core/rnaseq` to `run`, and `nf-escrow pull` to `nextflow`. */
function hintFor(code: string, text: string, command: Command): string {
  const name = quoted(text);
  const isUnknown = code === 'commander.unknownCommand' && command.parent === null;
  if (isUnknown && commands.includes(name))
    return `To run this command of Nextflow: nf-escrow nextflow ${name}`;
  const isPipeline = isUnknown && /(\.nf|\/.+)$/s.test(name);
  return isPipeline ? `To run a pipeline: nf-escrow run ${name}` : helpHint(command);
}

function quoted(text: string): string {
  return /'(.*)'/s.exec(text)?.[1] ?? '';
}

/** `--from <SOURCE>` as people write it: `--from SOURCE`. */
function bare(flags: string): string {
  return flags.replaceAll(/[<>[\]]/g, '');
}
