import { isAbsolute, join } from 'node:path';
import { parseArn } from '../../contract/arn.ts';
import type { ServerConfiguration } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { TrustedPeers } from '../proxies/trusted-peers.ts';
import { findDatabaseUrl, readDatabaseUrl } from './database-url.ts';
import { assertKmsSettings } from './kms-key.ts';
import { readOidcSettings, type OidcSettings } from './oidc-settings.ts';
import { readServerConfiguration, type Environment } from './read-server-configuration.ts';
import { isLocalAddress, readServerAddress, type ServerAddress } from './server-address.ts';

/** Options of `nf-escrow serve`. */
export interface ServerOptions {
  readonly config?: string;
  readonly listen?: string;
  readonly databaseUrl?: string;
}

/** Absolute paths of the certificate files. */
export interface TlsFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Issuers of client certificates. */
  readonly caFile?: string;
}

/** The settings of a server. */
export interface ServerSettings {
  readonly address: ServerAddress;
  readonly publicUrl: URL;
  /** Host names that requests can name, in lower case. */
  readonly names: ReadonlySet<string>;
  /** Undefined: plain HTTP behind a proxy. */
  readonly tls: TlsFiles | undefined;
  readonly trustedProxies: TrustedPeers;
  readonly forwardedHeader: 'x-forwarded-for' | 'forwarded';
  readonly database: {
    /** Undefined: SQLite. It can contain a password. */
    readonly url: string | undefined;
    /** URL of the role that owns the schema, for migrations. Undefined: `url` is that of the owner. */
    readonly ownerUrl: string | undefined;
    readonly caFile: string | undefined;
    readonly poolSize: number;
  };
  readonly stateDirectory: string;
  readonly vault: {
    readonly keyFile: string;
    readonly passphraseFile: string | undefined;
    readonly previousPassphraseFile: string | undefined;
    readonly keyCommand: string | undefined;
    readonly kmsKeyId: string | undefined;
    readonly kmsEndpoint: string | undefined;
  };
  readonly drain: { readonly delaySeconds: number; readonly deadlineSeconds: number };
  /** `retentionDays`: undefined to keep all events. */
  readonly audit: { readonly retentionDays?: number };
  readonly sessions: Required<NonNullable<ServerConfiguration['sessions']>>;
  /** The identity provider; undefined: people sign in with links. */
  readonly oidc: OidcSettings | undefined;
  readonly limits: Required<NonNullable<ServerConfiguration['limits']>>;
  /** AWS accounts in which workspaces may have compute environments. */
  readonly awsAccounts: NonNullable<ServerConfiguration['awsAccounts']>;
}

const LISTEN = '0.0.0.0:8443';
const STATE = '/var/lib/nf-escrow-server';
const POOL_SIZE = 20;
/** Longer than the interval at which load balancers usually ask for readiness. */
const DRAIN = { delaySeconds: 10, deadlineSeconds: 30 };
/** A working day, and a week. */
const SESSIONS = { idleMinutes: 480, lifetimeHours: 168 };
const LIMITS = {
  connections: 2000,
  connectionsPerAddress: 200,
  requestsPerSecond: 500,
  anonymousRequests: 100,
  secretsPerUser: 1_000,
  secretsPerWorkspace: 20_000,
  secretBytesPerUser: 16_777_216,
  secretBytesPerWorkspace: 134_217_728,
  changesPerMinute: 20_000,
  workspaceChangesPerMinute: 20_000,
  releasesPerMinute: 3_000,
  workspaceReleasesPerMinute: 10_000,
  releaseBytesPerMinute: 268_435_456,
};

/** Reads the settings of the server as a frozen object. Throws `config-invalid`, `permissions-too-open`, `usage`. */
export async function loadServerSettings(options: ServerOptions, env: Environment): Promise<ServerSettings> {
  const { config: file, listen } = options;
  const { configuration, placeOf } = await readServerConfiguration({ file, listen }, env);
  const { database = {}, vault = {} } = configuration;
  for (const [key, path] of pathsOf(configuration)) assertAbsolute(key, path, placeOf);
  const publicUrl = readPublicUrl(configuration.publicUrl, placeOf('publicUrl'));
  // systemd sets STATE_DIRECTORY for a unit with StateDirectory=.
  const stateDirectory = configuration.stateDirectory ?? (env['STATE_DIRECTORY']?.split(':')[0] || STATE);
  const address = readServerAddress(configuration.listen ?? LISTEN, placeOf('listen'));
  const settings: ServerSettings = {
    address,
    publicUrl,
    names: readNames(publicUrl, configuration.serverNames ?? [], placeOf('serverNames')),
    tls: readTls(configuration.tls, placeOf('tls')),
    trustedProxies: new TrustedPeers(
      configuration.trustedProxies ?? [],
      placeOf('trustedProxies'),
      'socketPath' in address,
    ),
    forwardedHeader: configuration.forwardedHeader ?? 'x-forwarded-for',
    database: Object.freeze({
      url: findDatabaseUrl({ option: options.databaseUrl, env, file: database.urlFile }),
      ownerUrl: readDatabaseUrl(database.ownerUrlFile, 'database.ownerUrlFile'),
      caFile: database.caFile,
      poolSize: database.poolSize ?? POOL_SIZE,
    }),
    stateDirectory,
    vault: Object.freeze({
      // Not in the state directory: a copy of the ledger alone cannot be decrypted.
      keyFile: vault.keyFile ?? `${stateDirectory}-key/vault.key`,
      passphraseFile: vault.passphraseFile,
      previousPassphraseFile: vault.previousPassphraseFile,
      keyCommand: vault.keyCommand,
      kmsKeyId: vault.kmsKeyId,
      kmsEndpoint: vault.kmsEndpoint,
    }),
    drain: Object.freeze({ ...DRAIN, ...configuration.drain }),
    audit: Object.freeze({ ...configuration.audit }),
    sessions: Object.freeze({ ...SESSIONS, ...configuration.sessions }),
    oidc: readOidcSettings(configuration.oidc, placeOf('oidc')),
    limits: Object.freeze({ ...LIMITS, ...configuration.limits }),
    awsAccounts: readAccounts(configuration.awsAccounts ?? [], placeOf('awsAccounts')),
  };
  assertVaultKey(settings.vault, placeOf('vault'));
  assertProtected(settings);
  return Object.freeze(settings);
}

/** Returns the path of the SQLite ledger. */
export function ledgerFileOf({ stateDirectory }: ServerSettings): string {
  return join(stateDirectory, 'ledger.db');
}

function pathsOf({
  stateDirectory,
  tls,
  database,
  vault,
  oidc,
}: ServerConfiguration): [string, string | undefined][] {
  return [
    ['stateDirectory', stateDirectory],
    ['tls.certificateFile', tls?.certificateFile],
    ['tls.keyFile', tls?.keyFile],
    ['tls.caFile', tls?.caFile],
    ['database.urlFile', database?.urlFile],
    ['database.ownerUrlFile', database?.ownerUrlFile],
    ['database.caFile', database?.caFile],
    ['vault.keyFile', vault?.keyFile],
    ['vault.passphraseFile', vault?.passphraseFile],
    ['vault.previousPassphraseFile', vault?.previousPassphraseFile],
    ['oidc.clientSecretFile', oidc?.clientSecretFile],
    ['oidc.caFile', oidc?.caFile],
  ];
}

function assertAbsolute(key: string, path: string | undefined, placeOf: (key: string) => string): void {
  if (path !== undefined && !isAbsolute(path))
    throw new EscrowError(
      'config-invalid',
      `Invalid configuration in ${placeOf(key)}: ${key} must be an absolute path.`,
      {
        hint: `Set ${key} to a path that starts with a slash.`,
      },
    );
}

function readPublicUrl(text: string, place: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && url.username + url.password + url.search + url.hash === '';
  if (isPlain && url.protocol === 'https:' && url.pathname === '/') return url;
  throw new EscrowError(
    'config-invalid',
    `Invalid configuration in ${place}: publicUrl must be https:// and a host.`,
    {
      hint: 'Set publicUrl to an address such as https://escrow.example.org.',
    },
  );
}

const NAME =
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$|^\[[0-9a-f:.]+\]$/;

function readNames({ hostname }: URL, further: readonly string[], place: string): ReadonlySet<string> {
  const names = further.map((name) => name.toLowerCase());
  if (names.some((name) => !NAME.test(name)))
    throw new EscrowError(
      'config-invalid',
      `Invalid configuration in ${place}: serverNames must be host names.`,
      {
        hint: 'Use names without a scheme and a port, such as escrow.internal.',
      },
    );
  return new Set([hostname, ...names]);
}

function readTls(tls: ServerConfiguration['tls'], place: string): TlsFiles | undefined {
  const { certificateFile, keyFile, caFile } = tls ?? {};
  if (certificateFile === undefined && keyFile === undefined && caFile === undefined) return undefined;
  if (certificateFile !== undefined && keyFile !== undefined)
    return Object.freeze({ certificateFile, keyFile, ...(caFile === undefined ? {} : { caFile }) });
  throw new EscrowError(
    'config-invalid',
    `Invalid configuration in ${place}: tls needs certificateFile and keyFile.`,
    { hint: 'Set both, or remove tls if a proxy on this machine encrypts the connections.' },
  );
}

/** Each account has one identity, so that the account of an execution role determines with which one the server acts. */
function readAccounts(
  accounts: NonNullable<ServerConfiguration['awsAccounts']>,
  place: string,
): NonNullable<ServerConfiguration['awsAccounts']> {
  for (const [index, { account, assumeRole, externalId }] of accounts.entries()) {
    const fault = accounts.slice(index + 1).some((one) => one.account === account)
      ? `account ${account} is listed twice`
      : assumeRole !== undefined && parseArn(assumeRole)?.account !== account
        ? `assumeRole of account ${account} is a role of another account`
        : externalId !== undefined && assumeRole === undefined
          ? `externalId of account ${account} needs assumeRole`
          : undefined;
    if (fault !== undefined)
      throw new EscrowError('config-invalid', `Invalid configuration in ${place}: ${fault}.`, {
        hint: 'Correct the setting awsAccounts. docs/team-server/settings.md describes all settings.',
      });
  }
  return accounts;
}

function assertVaultKey(vault: ServerSettings['vault'], place: string): void {
  const sources = (['passphraseFile', 'keyCommand', 'kmsKeyId'] as const).filter(
    (name) => vault[name] !== undefined,
  );
  const [first, second] = sources;
  if (first !== undefined && second !== undefined)
    throw new EscrowError(
      'config-invalid',
      `Invalid configuration in ${place}: vault has both ${first} and ${second}.`,
      { hint: 'Set one of them.' },
    );
  assertKmsSettings(vault, place);
}

/** Plain HTTP is readable on the network. On this machine, other users could connect in place of the proxy. */
function assertProtected({ tls, address, trustedProxies }: ServerSettings): void {
  if (tls !== undefined) return;
  const why = !isLocalAddress(address)
    ? 'without a certificate, it listens only on a loopback address or a Unix socket'
    : trustedProxies.isEmpty
      ? 'without a certificate, trustedProxies must list who may connect'
      : undefined;
  if (why === undefined) return;
  throw new EscrowError('config-invalid', `Cannot start the server: ${why}.`, {
    hint: 'Set tls.certificateFile and tls.keyFile. Or listen on 127.0.0.1:PORT or unix:PATH behind a proxy that encrypts the connections, and list the proxy in trustedProxies: its address, or unix for a Unix socket.',
  });
}
