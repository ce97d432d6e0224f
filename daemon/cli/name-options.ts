import type { Command } from 'commander';
import { EscrowError, errorTable } from '../errors.ts';
import { shownValue } from '../contract/shown-value.ts';
import { helpHint } from './escrow-command.ts';

/** Options whose names differ from those of the fields that they set. */
const OPTION_OF: Readonly<Record<string, string>> = {
  days: 'olderThan',
  computeEnvironment: 'computeEnv',
  runsDirectory: 'runsDir',
};
/** Fields that the first argument of a command sets. */
const NAMED: readonly string[] = ['name', 'organization'];

/**
 * Returns an error in terms of the command that failed: a field of the request becomes the option or argument that the user wrote,
 * with its value, and the general hint becomes the help of the command.
 */
export function inTermsOf(command: Command, error: unknown): unknown {
  if (!(error instanceof EscrowError)) return error;
  const { code, field, message, hint } = error;
  if (code === 'usage' && hint === errorTable.usage.hint)
    return new EscrowError('usage', message, { hint: helpHint(command), cause: error });
  const written = code === 'request-invalid' && field !== undefined ? writtenAs(command, field) : undefined;
  if (written === undefined || field === undefined || !message.startsWith(field)) return error;
  const rest = message.slice(field.length).replace(/\.$/, '');
  const value = written.value === undefined ? '' : `, not ${shownValue(written.value)}`;
  return new EscrowError('usage', `${written.name}${rest}${value}.`, {
    hint: hint.startsWith('Did you mean') ? hint : helpHint(command),
    cause: error,
  });
}

interface Written {
  readonly name: string;
  readonly value: string | undefined;
}

/** Returns the option or argument that sets a field, or undefined. */
function writtenAs(command: Command, field: string): Written | undefined {
  const key = field
    .split('.')
    .filter((part) => !/^\d+$/.test(part))
    .at(-1);
  if (key === undefined) return undefined;
  const wanted = OPTION_OF[key] ?? key;
  const option = command.options.find((each) => each.attributeName() === wanted);
  if (option !== undefined) {
    const value: unknown = command.getOptionValue(wanted);
    return { name: option.long ?? option.flags, value: typeof value === 'string' ? value : undefined };
  }
  const [argument] = command.registeredArguments;
  if (argument === undefined || !NAMED.includes(key)) return undefined;
  const value: unknown = command.processedArgs[0];
  // ORG/NAME sets two fields.
  const parts = argument.name().split('/');
  const place = parts.length > 1 && key === 'name' ? 1 : 0;
  return {
    name: parts[place] ?? argument.name(),
    value: typeof value === 'string' ? (parts.length > 1 ? value.split('/')[place] : value) : undefined,
  };
}
