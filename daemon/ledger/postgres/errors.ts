import { EscrowError, systemCode, type ErrorCode } from '../../errors.ts';

/** What the user has to know about a failure: the code, why, and a remedy. */
type Failure = readonly [code: ErrorCode, why: string, hint: string];

const RETRY = 'Try again. If it happens again, check the server with `pg_isready` and its log.';
const LOST: Failure = ['ledger-unavailable', 'the connection was lost', RETRY];
const FULL: Failure = [
  'ledger-unavailable',
  'the disk of the server is full',
  'Free disk space on the database server, then try again.',
];
const CONNECTIONS: Failure = [
  'ledger-unavailable',
  'the server has too many connections',
  'Raise max_connections of the server, or lower the pool size of nf-escrow, then try again.',
];
const AUTHENTICATION: Failure = [
  'ledger-denied',
  'the server rejected the user or the password',
  'Check the user and the password in the database URL, and pg_hba.conf on the server.',
];
const PERMISSION: Failure = [
  'ledger-denied',
  'the role does not have a required permission',
  'Grant the permissions in templates/postgres/application-role.sql. Migrations require the role that owns the schema.',
];
const UNTRUSTED =
  'Set sslrootcert to the certificate authority of the server, and use a host name that its certificate contains.';
const BUSY: Failure = ['ledger-unavailable', 'concurrent writes did not end in time', 'Try again.'];
const STANDBY: Failure = [
  'ledger-unavailable',
  'the server is read-only, for example because it is a standby',
  'Connect to the primary server. After a failover, change the host in the database URL.',
];

/** By SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const BY_STATE: Readonly<Record<string, Failure>> = {
  '53100': FULL,
  '53200': ['ledger-unavailable', 'the server is out of memory', RETRY],
  '53300': CONNECTIONS,
  '25006': STANDBY,
  '28000': AUTHENTICATION,
  '28P01': AUTHENTICATION,
  '3D000': [
    'ledger-denied',
    'the database does not exist',
    'Create it with `createdb`, or correct its name.',
  ],
  '42501': PERMISSION,
  '42P01': PERMISSION, // tables of a schema that the role may not use are not found
  '57014': ['ledger-unavailable', 'a statement took too long', RETRY],
  '55P03': ['ledger-unavailable', 'another process holds a lock', 'Try again.'],
  '57P01': LOST,
  '57P02': LOST,
  '57P03': [
    'ledger-unavailable',
    'the server is starting or shutting down',
    'Wait a moment, then try again.',
  ],
  '57P05': LOST,
  '25P03': LOST,
  '40001': BUSY,
  '40P01': BUSY,
};

/** Codes of Node: of sockets, of name resolution, and of TLS. */
const BY_SYSTEM_CODE: Readonly<Record<string, Failure>> = {
  ECONNREFUSED: ['ledger-unavailable', 'no server accepts connections there', RETRY],
  ENOENT: ['ledger-unavailable', 'there is no socket in that directory', RETRY],
  EACCES: ['ledger-unavailable', 'permission denied for the socket', 'Check its directory with `ls -ld`.'],
  ENOTFOUND: ['ledger-unavailable', 'the host name is unknown', 'Correct the host in the database URL.'],
  EAI_AGAIN: [
    'ledger-unavailable',
    'the host name cannot be resolved at the moment',
    'Check DNS, then try again.',
  ],
  CERT_HAS_EXPIRED: [
    'ledger-untrusted',
    'its certificate has expired',
    'Renew the certificate of the server.',
  ],
  CERT_NOT_YET_VALID: [
    'ledger-untrusted',
    'its certificate is not valid yet',
    'Compare the clocks of both machines, and check the certificate of the server.',
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: ['ledger-untrusted', 'its certificate is for another host', UNTRUSTED],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['ledger-untrusted', 'its certificate is self-signed', UNTRUSTED],
  SELF_SIGNED_CERT_IN_CHAIN: ['ledger-untrusted', 'its certificate has an unknown issuer', UNTRUSTED],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['ledger-untrusted', 'its certificate has an unknown issuer', UNTRUSTED],
  UNABLE_TO_GET_ISSUER_CERT: ['ledger-untrusted', 'its certificate has an unknown issuer', UNTRUSTED],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['ledger-untrusted', 'its certificate has an unknown issuer', UNTRUSTED],
};

/** Messages of pg for failures that have no code. */
const BY_MESSAGE: readonly (readonly [RegExp, Failure])[] = [
  [
    /does not support SSL/,
    [
      'ledger-untrusted',
      'it does not offer TLS',
      'Set ssl = on in postgresql.conf, or connect over a Unix socket.',
    ],
  ],
  [
    /timeout exceeded when trying to connect|connection timeout/i,
    ['ledger-unavailable', 'no connection was available in time', RETRY],
  ],
  [/client password must be a string|SASL/, AUTHENTICATION],
  [/Connection terminated|Client has encountered a connection error|not queryable|Query read timeout/i, LOST],
];

/**
 * Converts errors of the server and of the connection to errors of the table; returns other errors without the rows that the
 * server quotes. `title` names the database.
 */
export function postgresError(title: string, error: unknown): unknown {
  if (error instanceof EscrowError || !(error instanceof Error)) return error;
  const found = failureOf(error);
  if (found === undefined) return withoutRows(error);
  const [code, why, hint] = found;
  return new EscrowError(code, `Cannot use the database ${title}: ${why}.`, {
    hint,
    cause: withoutRows(error),
  });
}

/** Returns the error for a commit whose result is unknown, because the connection was lost before the response. */
export function commitUnknown(title: string, cause: unknown): EscrowError {
  return new EscrowError(
    'ledger-unavailable',
    `Cannot confirm a commit in the database ${title}: the connection was lost. The change may have been made.`,
    { hint: 'Check whether the change was made before you try again.', cause },
  );
}

/** Whether the server has rolled the transaction back because of a concurrent one: of another transaction, or a migration. */
export function isConflict(error: unknown): boolean {
  const code = systemCode(error);
  return code === '40001' || code === '40P01' || isPlanOutdated(error);
}

/** Whether a migration has changed the columns of a statement since the server planned it for this connection. */
export function isPlanOutdated(error: unknown): boolean {
  // The code means any unsupported feature: https://github.com/postgres/postgres/blob/REL_15_STABLE/src/backend/utils/cache/plancache.c
  return (
    systemCode(error) === '0A000' &&
    (error as { readonly routine?: unknown }).routine === 'RevalidateCachedQuery'
  );
}

/** Whether the connection can no longer be used. Errors of statements have an SQLSTATE, and leave it usable. */
export function isConnectionLost(error: unknown): boolean {
  const code = systemCode(error);
  return code === undefined || !/^[0-9A-Z]{5}$/.test(code) || /^(08|57P|25P03)/.test(code);
}

function failureOf(error: Error): Failure | undefined {
  const code = systemCode(error);
  if (code === undefined) return BY_MESSAGE.find(([pattern]) => pattern.test(error.message))?.[1];
  const known = BY_STATE[code] ?? BY_SYSTEM_CODE[code];
  if (known !== undefined) return known;
  if (/^08|^EPIPE$|^E(CONN|TIMED|HOST|NET)/.test(code)) return LOST;
  if (/^ERR_(SSL|TLS)|^EPROTO$|^(CERT|CRL)_/.test(code))
    return ['ledger-untrusted', `TLS failed (${code})`, UNTRUSTED];
  return undefined;
}

/** The server quotes the rows of a failed statement in `detail` and `where`. They may contain arguments of runs. */
function withoutRows(error: Error): Error {
  for (const field of ['detail', 'where', 'internalQuery'])
    if (field in error) Reflect.deleteProperty(error, field);
  return error;
}
