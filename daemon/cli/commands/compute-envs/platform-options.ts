import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { packageFile } from '../../../package-files.ts';
import type { ComputeEnvironment } from '../../../contract/types.ts';
import type { PlatformSettings } from '../../../compute-envs/compute-environments.ts';
import { EscrowError } from '../../../errors.ts';

type Platform = ComputeEnvironment['platform'];

/** The settings of a platform, read from its schema. */
export interface PlatformOptions {
  readonly platform: Platform;
  /** The property of a compute environment that holds them. */
  readonly key: keyof PlatformSettings;
  readonly options: readonly SettingOption[];
  /** Template of their column in `compute-envs list`, with keys in braces. */
  readonly summary: string;
}

/** One setting and its command line option. */
interface SettingOption {
  /** As in the schema, such as `workDir`. */
  readonly key: string;
  /** Without the leading hyphens, such as `work-dir`. */
  readonly name: string;
  readonly description: string;
  readonly isFlag: boolean;
  readonly isRequired: boolean;
  readonly placeholder: string;
}

interface Schema {
  /** The platform that these settings are for. */
  readonly 'x-platform'?: Platform;
  readonly 'x-summary'?: string;
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

/** Reads the platforms and their own options from schemas/compute-environment-input.json and the schemas that it refers to. */
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
      : [
          {
            platform,
            key: key as keyof PlatformSettings,
            options: optionsOf(settings),
            summary: settings['x-summary'] ?? '-',
          },
        ];
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
  return JSON.parse(readFileSync(packageFile(`schemas/${file}`), 'utf8')) as Schema;
}

/** Adds the options of every platform to a command. An option that several platforms share is added once. */
export function addPlatformOptions(command: Command, platforms: readonly PlatformOptions[]): Command {
  const byName = new Map<string, { readonly option: SettingOption; readonly help: string[] }>();
  for (const { platform, options } of platforms)
    for (const option of options) {
      const help = `${platform}: ${option.description}`;
      const known = byName.get(option.name);
      if (known === undefined) byName.set(option.name, { option, help: [help] });
      else known.help.push(help);
    }
  for (const { option, help } of byName.values()) {
    const { name, isFlag, placeholder } = option;
    const text = help.join('; ');
    if (isFlag) command.option(`--${name}`, text).option(`--no-${name}`, `turn off --${name}`);
    else command.option(`--${name} <${placeholder}>`, text);
  }
  return command;
}

/** Throws `usage` for the first of these keys that `own` lacks. */
export function assertOwnSettings(
  platforms: readonly PlatformOptions[],
  own: PlatformOptions | undefined,
  keys: readonly string[],
  computeEnvironment: string,
): void {
  const has = ({ options }: PlatformOptions, wanted: string): boolean =>
    options.some(({ key }) => key === wanted);
  const foreign = keys.find((key) => own === undefined || !has(own, key));
  if (foreign === undefined) return;
  const others = platforms.filter((one) => has(one, foreign)).map(({ platform }) => platform);
  throw new EscrowError(
    'usage',
    `Cannot set ${foreign} of compute environment "${computeEnvironment}": the setting requires platform ${others.join(' or ')}.`,
  );
}

/** Returns the settings that a command line sets, by key. `values`: the options as commander parsed them. */
export function readSettings(
  { options }: PlatformOptions,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    options.flatMap(({ key }) => (values[key] === undefined ? [] : [[key, values[key]]])),
  );
}

/** Throws `usage` with the names of the required options that are missing. */
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

/** Returns what `compute-envs list` shows of the platform's own settings. */
export function summarize(
  platforms: readonly PlatformOptions[],
  environment: Pick<ComputeEnvironment, 'platform'> & PlatformSettings,
): string {
  const own = platforms.find(({ platform }) => platform === environment.platform);
  if (own === undefined) return '-';
  const settings = { ...environment[own.key] } as Readonly<Record<string, string | boolean | undefined>>;
  return own.summary.replace(/\{(\w+)\}/g, (_all, key: string) => String(settings[key] ?? '-'));
}
