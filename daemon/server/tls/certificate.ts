import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { asEscrowError, EscrowError } from '../../errors.ts';
import { readSecretFile } from '../../system/files/secret-file.ts';
import type { Purpose } from '../../system/files/trust/trust-error.ts';
import { readTrustedFile } from '../../system/files/trust/trusted-file.ts';
import type { TlsFiles } from '../configuration/server-settings.ts';

/** A certificate with its key, as the server uses it. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer | undefined;
  readonly expiresAt: Date;
  /** Returns whether the certificate is for a host. */
  readonly isFor: (host: string) => boolean;
}

const LENGTH_MAX = 256 * 1024;
const CERTIFICATE: Purpose = { what: 'certificate', variable: 'tls.certificateFile', example: 'tls.crt' };
const KEY: Purpose = { what: 'private key', variable: 'tls.keyFile', example: 'tls.key' };
const CA: Purpose = { what: 'CA file', variable: 'tls.caFile', example: 'ca.crt' };

/** TLS 1.2 only with forward secrecy and authenticated encryption: "intermediate" of https://wiki.mozilla.org/Security/Server_Side_TLS. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** Reads and verifies the certificate and its key. Throws `certificate-unusable`, whose message never quotes the key. */
export function loadCertificate({ certificateFile, keyFile, caFile }: TlsFiles): Certificate {
  const cert = readPublic(certificateFile, CERTIFICATE);
  const ca = caFile === undefined ? undefined : readPublic(caFile, CA);
  const key = orUnusable(() => readSecretFile(keyFile, KEY, LENGTH_MAX));
  const parsed = parseCertificate(certificateFile, cert);
  if (ca !== undefined && caFile !== undefined) parseCertificate(caFile, ca);
  if (!parsed.checkPrivateKey(parseKey(keyFile, key)))
    throw unusable(`the key "${keyFile}" does not belong to the certificate "${certificateFile}"`);
  const certificate = { cert, key, ca, expiresAt: new Date(parsed.validTo), isFor: isFor(parsed) };
  try {
    createSecureContext(secureOptionsOf(certificate)); // OpenSSL also rejects weak keys and broken chains
  } catch (error) {
    throw unusable(`OpenSSL rejects "${certificateFile}": ${reasonOf(error)}`, error);
  }
  return certificate;
}

/** Returns the options of TLS for a certificate. */
export function secureOptionsOf({
  cert,
  key,
  ca,
}: Pick<Certificate, 'cert' | 'key' | 'ca'>): SecureContextOptions {
  return { cert, key, ca, minVersion: 'TLSv1.2', ciphers: CIPHERS };
}

function isFor(parsed: X509Certificate): Certificate['isFor'] {
  return (host) => {
    const name = host.replace(/^\[(.*)\]$/, '$1');
    return (isIP(name) === 0 ? parsed.checkHost(name) : parsed.checkIP(name)) !== undefined;
  };
}

function readPublic(path: string, purpose: Purpose): Buffer {
  const bytes = orUnusable(() => readTrustedFile(path, purpose, LENGTH_MAX + 1));
  if (bytes === undefined) throw unusable(`the ${purpose.what} "${path}" does not exist`);
  if (bytes.length <= LENGTH_MAX) return bytes;
  throw unusable(`the ${purpose.what} "${path}" has more than ${String(LENGTH_MAX)} bytes`);
}

/** Errors of files that cannot be trusted keep their hints. */
function orUnusable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code, message, hint } = asEscrowError(error);
    if (code === 'permissions-too-open') throw error;
    throw new EscrowError('certificate-unusable', message, { hint, cause: error });
  }
}

function parseCertificate(path: string, pem: Buffer): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw unusable(`"${path}" contains no certificate in PEM`, error);
  }
}

function parseKey(path: string, pem: Buffer): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const isEncrypted = /ENCRYPTED/.test(pem.toString('latin1'));
    throw unusable(
      isEncrypted ? `the key "${path}" needs a passphrase` : `"${path}" contains no private key in PEM`,
      error,
    );
  }
}

function unusable(why: string, cause?: unknown): EscrowError {
  return new EscrowError('certificate-unusable', `Cannot use the certificate of the server: ${why}.`, {
    cause,
  });
}

function reasonOf(error: unknown): string {
  const reason: unknown = error instanceof Error && 'reason' in error ? error.reason : undefined;
  return typeof reason === 'string' ? reason : 'unknown reason';
}
