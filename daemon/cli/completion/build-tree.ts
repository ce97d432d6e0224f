// Builds the tree that completion reads. Runs when the program is bundled, so it may load everything.
import { readFileSync } from 'node:fs';
import type { Argument, Command, Option } from 'commander';
import { commands, launcherOptions, runOptions } from '../../nextflow/launcher/options.ts';
import { packageFile } from '../../package-files.ts';
import { executors } from '../../schedulers/registry.ts';
import { shells } from '../commands/completion.ts';
import { readPlatforms } from '../commands/compute-envs/platform-options.ts';
import type { Context } from '../context.ts';
import { importSources } from '../io/import-sources.ts';
import { RUN_HELP } from '../launch/run-help.ts';
import { buildProgram } from '../program.ts';
import type { ArgumentNode, CommandNode, CompletionTree, OptionNode } from './command-tree.ts';

/** Returns the tree of all commands but the hidden ones. */
export async function buildTree(): Promise<CompletionTree> {
  const program = await buildProgram({ version: '' } as Context);
  return {
    root: describeCommand(program),
    runOptions: parseRunHelp(RUN_HELP),
    nextflow: { commands, launcherOptions, runOptions },
    settingValues: {
      onLost: ['purge-now', 'cancel-jobs', 'wait'],
      writableByOthers: readSchema<Enumeration>('writable-policy.json').enum ?? [],
    },
  };
}

function describeCommand(command: Command): CommandNode {
  const help = command.createHelp();
  return {
    names: [command.name(), ...command.aliases()],
    description: command.description(),
    options: help.visibleOptions(command).map(describeOption),
    arguments: command.registeredArguments.map(describeArgument),
    commands: help.visibleCommands(command).map(describeCommand),
  };
}

function describeOption(option: Option): OptionNode {
  const { long, short, description, argChoices, required, optional } = option;
  const names = [long, short].filter((name) => name !== undefined);
  if (!required && !optional) return { names, description };
  const placeholder = /<([^>]*?)(?:\.\.\.)?>/.exec(option.flags)?.[1] ?? '';
  return { names, description, value: describeValue(placeholder, argChoices ?? choicesOf(long ?? '')) };
}

function describeArgument(argument: Argument): ArgumentNode {
  const choices = argument.argChoices ?? choicesOf(argument.name());
  return { ...describeValue(argument.name(), choices), isVariadic: argument.variadic };
}

function describeValue(name: string, choices: readonly string[] | undefined): ArgumentNode {
  return { name, isVariadic: false, ...(choices === undefined ? {} : { choices }) };
}

/** Returns the values of an option or argument that has a fixed set of them. */
function choicesOf(name: string): readonly string[] | undefined {
  const fixed: Readonly<Record<string, readonly string[]>> = {
    SHELL: shells,
    '--state': enumerations('run-query.json')['state'] ?? [],
    '--outcome': enumerations('run-query.json')['outcome'] ?? [],
    '--from': importSources,
    '--executor': executors,
    '--platform': readPlatforms().names,
    '--unset': ['executor', 'runs-dir', ...optionalSettings()],
    '--layout': enumerations('aws-settings.json')['layout'] ?? [],
  };
  return Object.hasOwn(fixed, name) ? fixed[name] : undefined;
}

/** Returns the settings of compute environments that a platform does not require. */
function optionalSettings(): string[] {
  return readPlatforms().own.flatMap(({ options }) =>
    options.filter(({ isRequired }) => !isRequired).map(({ name }) => name),
  );
}

/** Returns the values of the properties of a schema that are enumerations. */
function enumerations(schema: string): Readonly<Record<string, readonly string[]>> {
  const { properties } = readSchema<{ properties: Readonly<Record<string, Enumeration>> }>(schema);
  return Object.fromEntries(Object.entries(properties).map(([key, property]) => [key, property.enum ?? []]));
}

interface Enumeration {
  readonly enum?: readonly string[];
}

function readSchema<T>(schema: string): T {
  return JSON.parse(readFileSync(packageFile(`schemas/${schema}`), 'utf8')) as T;
}

/** Reads the options of `run` from its help. */
function parseRunHelp(help: string): OptionNode[] {
  // A description may continue on indented lines.
  return [...help.matchAll(/^ {2}(--[\w-]+)(?: ([A-Z/]+))? +(\S.*(?:\n {10,}\S.*)*)$/gm)].map(
    ([, name = '', placeholder, description = '']) => ({
      names: [name],
      description: description.replace(/\s+/g, ' '),
      ...(placeholder === undefined ? {} : { value: describeValue(placeholder, undefined) }),
    }),
  );
}
