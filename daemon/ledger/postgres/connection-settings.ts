import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { EscrowError, systemCode } from '../../errors.ts';

/** Where a ledger's database is, and how to connect to it. */
export interface ConnectionSettings {
  /** A host name, an IP address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Undefined: pg reads it from ~/.pgpass. */
  readonly password: string | undefined;
  /** False on a Unix socket. */
  readonly ssl: ConnectionOptions | false;
  readonly applicationName: string;
  /** Names the database in messages. Contains no password. */
  readonly title: string;
}

const PARAMETERS = ['host', 'port', 'user', 'sslmode', 'sslrootcert', 'application_name'];
const URL_PATTERN = /^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?([^@/?#]*)(?:\/([^/?#]*))?(?:\?([^#]*))?$/;
const HOST_PATTERN = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:,[\]]*))(?::(\d{1,5}))?$/;

/**
 * Parses a database URL: postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE?sslrootcert=FILE, or
 * postgres://USER@/DATABASE?host=DIRECTORY for a Unix socket. Connections over TCP verify the certificate and the name of the
 * host (`sslmode=verify-full`); weaker modes are rejected, because released secrets depend on the rows of the ledger. No
 * message quotes the URL, because it may contain a password. `caFile`: the certificate authorities, unless the URL names a
 * file. Throws `config-invalid`.
 */
export function connectionSettings(text: string, caFile?: string): ConnectionSettings {
  const [, credentials = '', authority = '', path = '', query = ''] = URL_PATTERN.exec(text) ?? [];
  if (!URL_PATTERN.test(text)) throw invalid('it does not have the required form');
  const parameters = parametersOf(query);
  const [, address, name = '', ownPort] = HOST_PATTERN.exec(authority) ?? [];
  if (!HOST_PATTERN.test(authority)) throw invalid('it must name one host');
  const separator = credentials.indexOf(':');
  const host = parameters.get('host') ?? address ?? decode(name);
  const user =
    decode(separator < 0 ? credentials : credentials.slice(0, separator)) || parameters.get('user');
  const password = separator < 0 ? undefined : decode(credentials.slice(separator + 1));
  const database = decode(path);
  if (host === '' || /[,\0]/.test(host))
    throw invalid('it must name one host, or the directory of a Unix socket');
  if (user === undefined || user === '') throw invalid('it contains no user name');
  if (database === '') throw invalid('it contains no database name');
  const port = Number(parameters.get('port') ?? ownPort ?? 5432);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw invalid('its port is not valid');
  const isSocket = host.startsWith('/');
  return {
    host,
    port,
    database,
    user,
    password,
    ssl: isSocket ? false : tlsOf(host, parameters, caFile),
    applicationName: parameters.get('application_name') ?? 'nf-escrow',
    title: `"${database}" on ${isSocket ? host : `${isIP(host) === 6 ? `[${host}]` : host}:${String(port)}`}`,
  };
}

function parametersOf(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const part of query.split('&').filter((one) => one !== '')) {
    const [key = '', ...value] = part.split('=');
    if (key === 'password') throw invalid('its password must be in the user part, before the @');
    if (!PARAMETERS.includes(key)) throw invalid(`a parameter is not one of ${PARAMETERS.join(', ')}`);
    parameters.set(key, decode(value.join('=')));
  }
  return parameters;
}

function tlsOf(
  host: string,
  parameters: ReadonlyMap<string, string>,
  caFile: string | undefined,
): ConnectionOptions {
  const mode = parameters.get('sslmode') ?? 'verify-full';
  if (mode !== 'verify-full')
    throw invalid('only sslmode=verify-full protects a connection over TCP', {
      hint: 'Remove sslmode from the database URL, and set sslrootcert to the file of the certificate authority. Or connect over a Unix socket with ?host=DIRECTORY.',
    });
  const file = parameters.get('sslrootcert') ?? caFile;
  // pg gives no name to TLS if the host is an address. Then `host` is the name that the certificate must have.
  return {
    host,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(file === undefined || file === 'system' ? {} : { ca: readCertificates(file) }),
  };
}

function readCertificates(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw invalid(
      `cannot read the certificate authorities in "${file}": ${systemCode(error) ?? 'unknown error'}`,
      {
        hint: 'Set sslrootcert to a file with the certificates of the certificate authority, in PEM format.',
        cause: error,
      },
    );
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('its percent-encoding is invalid');
  }
}

function invalid(why: string, options: { hint?: string; cause?: unknown } = {}): EscrowError {
  return new EscrowError('config-invalid', `Cannot use the database URL: ${why}.`, {
    hint: 'Use the form postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslrootcert=FILE, with special characters percent-encoded.',
    ...options,
  });
}
