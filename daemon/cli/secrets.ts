import { readFileSync } from 'node:fs';
import { assertSecretName } from '../contract/secret-name.ts';
import type { SecretList } from '../contract/types.ts';
import { EscrowError, systemCode } from '../errors.ts';
import type { Context } from './context.ts';
import { print, printJson, printTable } from './output.ts';

/** Which scope a command means. */
export interface ScopeOptions {
  readonly workspace?: string;
  readonly user?: boolean;
}

/** `secrets set`: the value from a file, a hidden prompt, or standard input; never from an argument. */
export async function setSecret(
  context: Context,
  name: string,
  options: ScopeOptions & { fromFile?: string },
): Promise<void> {
  assertSecretName(name); // before anyone is asked for a value
  const path = `${secretsPath(context, options)}/${encodeURIComponent(name)}`;
  const value = await readValue(name, options.fromFile);
  const daemon = await context.daemon();
  const { version } = await daemon.call<{ version: number }>('PUT', path, {
    valueBase64: value.toString('base64'),
  });
  print(
    `${name} is set for ${scopeTitle(context, options)} (version ${String(version)}, ${String(value.length)} bytes).`,
  );
}

export async function listSecrets(
  context: Context,
  options: ScopeOptions & { json?: boolean },
): Promise<void> {
  const daemon = await context.daemon();
  const { secrets } = await daemon.call<SecretList>('GET', secretsPath(context, options));
  if (options.json === true) printJson({ secrets });
  else if (secrets.length === 0)
    print(`${scopeTitle(context, options)} has no secrets. Add one: nf-escrow secrets set NAME`);
  else {
    const rows = secrets.map(({ name, version, lastUpdated, lastUsed, lastUsedBy }) => [
      name,
      String(version),
      lastUpdated,
      lastUsed ?? '-',
      lastUsedBy ?? '-',
    ]);
    printTable(['NAME', 'VERSION', 'SET', 'LAST USED', 'BY RUN'], rows);
  }
}

export async function showSecret(
  context: Context,
  name: string,
  options: ScopeOptions & { json?: boolean },
): Promise<void> {
  const daemon = await context.daemon();
  const { secrets } = await daemon.call<SecretList>('GET', secretsPath(context, options));
  const secret = secrets.find((candidate) => candidate.name === name);
  if (secret === undefined)
    throw new EscrowError('secret-unknown', `${scopeTitle(context, options)} has no secret "${name}".`);
  if (options.json === true) printJson(secret);
  else for (const [key, value] of Object.entries(secret)) print(`${key.padEnd(12)}  ${String(value ?? '-')}`);
}

export async function removeSecrets(
  context: Context,
  names: readonly string[],
  options: ScopeOptions,
): Promise<void> {
  const daemon = await context.daemon();
  for (const name of names) {
    await daemon.call('DELETE', `${secretsPath(context, options)}/${encodeURIComponent(name)}`);
    print(`${name} is removed from ${scopeTitle(context, options)}.`);
  }
}

function secretsPath(context: Context, options: ScopeOptions): string {
  if (options.user === true && options.workspace !== undefined) {
    throw new EscrowError('usage', '--user and --workspace cannot stand together.');
  }
  if (options.user === true) return '/v1/user/secrets';
  const [organization = '', name = ''] = workspaceTitle(context, options).split('/');
  return `/v1/workspaces/${encodeURIComponent(organization)}/${encodeURIComponent(name)}/secrets`;
}

function workspaceTitle(context: Context, options: ScopeOptions): string {
  return options.workspace ?? context.settings.workspace;
}

function scopeTitle(context: Context, options: ScopeOptions): string {
  return options.user === true ? 'you' : `workspace ${workspaceTitle(context, options)}`;
}

async function readValue(name: string, file: string | undefined): Promise<Buffer> {
  if (file !== undefined) {
    try {
      return readFileSync(file);
    } catch (error) {
      throw new EscrowError('usage', `"${file}" cannot be read: ${String(systemCode(error))}.`, {
        hint: 'Name a file that you can read.',
      });
    }
  }
  if (process.stdin.isTTY) {
    const { default: password } = await import('@inquirer/password');
    return Buffer.from(await password({ message: `Value of ${name}:`, mask: false }));
  }
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
