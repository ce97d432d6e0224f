import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { ComputeEnvironment } from '../../../contract/types.ts';
import type { PlatformSettings } from '../../../compute-envs/compute-environments.ts';
import { EscrowError } from '../../../errors.ts';

type Platform = ComputeEnvironment['platform'];

/** The settings that a platform takes, read from its schema. */
interface PlatformOptions {
  readonly platform: Platform;
  /** The property of a compute environment that holds them. */
  readonly key: keyof PlatformSettings;
  readonly options: readonly SettingOption[];
}

/** One setting and its command line option. */
interface SettingOption {
  /** As in the schema, such as `workDir`. */
  readonly key: string;
  /** Without hyphens in front, such as `work-dir`. */
  readonly name: string;
  readonly description: string;
  readonly isFlag: boolean;
  readonly isRequired: boolean;
  readonly placeholder: string;
}

interface Schema {
  /** The platform that these settings are for. */
  readonly 'x-platform'?: Platform;
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, Property>>;
}

interface Property {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly 'x-placeholder'?: string;
}

/** The platforms, and their own options: schemas/compute-environment-input.json and the settings that it refers to. */
export function readPlatforms(): {
  readonly names: readonly string[];
  readonly own: readonly PlatformOptions[];
} {
  const { properties } = readSchema('compute-environment-input.json');
  const own = Object.entries(properties).flatMap(([key, { $ref }]) => {
    const settings = $ref === undefined ? undefined : readSchema($ref);
    const platform = settings?.['x-platform'];
    return settings === undefined || platform === undefined
      ? []
      : [{ platform, key: key as keyof PlatformSettings, options: optionsOf(settings) }];
  });
  return { names: readSchema('platform.json').enum ?? [], own };
}

function optionsOf({ properties, required = [] }: Schema): SettingOption[] {
  const options = Object.entries(properties).map(([key, property]) => ({
    key,
    name: key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    description: property.description ?? '',
    isFlag: property.type === 'boolean',
    isRequired: required.includes(key),
    placeholder: property['x-placeholder'] ?? 'VALUE',
  }));
  return options.sort((one, other) => Number(other.isRequired) - Number(one.isRequired));
}

function readSchema(file: string): Schema {
  return JSON.parse(readFileSync(fileURLToPath(import.meta.resolve(`#schemas/${file}`)), 'utf8')) as Schema;
}

/** Adds the options of every platform to a command. */
export function addPlatformOptions(command: Command, platforms: readonly PlatformOptions[]): Command {
  for (const { platform, options } of platforms)
    for (const { name, description, isFlag, placeholder } of options) {
      const help = `${platform}: ${description}`;
      if (isFlag) command.option(`--${name}`, help).option(`--no-${name}`, `${platform}: the opposite`);
      else command.option(`--${name} <${placeholder}>`, help);
    }
  return command;
}

/** The settings that a command line names, by their keys. `values`: as commander parsed them. */
export function readSettings(
  { options }: PlatformOptions,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    options.flatMap(({ key }) => (values[key] === undefined ? [] : [[key, values[key]]])),
  );
}

/** Throws `usage`, naming the options that are missing. */
export function assertComplete(
  { platform, options }: PlatformOptions,
  settings: Readonly<Record<string, unknown>>,
): void {
  const missing = options.filter(({ key, isRequired }) => isRequired && settings[key] === undefined);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => `--${name}`).join(', ');
  throw new EscrowError('usage', `Platform ${platform} also requires ${names}.`, {
    hint: `See docs/${platform}.md.`,
  });
}
