import { EscrowError, systemCode } from '../../errors.ts';

interface Reason {
  readonly why: string;
  readonly hint: string;
}

const RENEW =
  'Ask an administrator of the server to renew the certificate. Also check the clock of this machine.';
const ISSUER =
  'If a private certificate authority issued the certificate, get the certificate of the authority from an administrator, and sign in with --ca-file FILE.';

/** By the code of OpenSSL or Node. https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE: Readonly<Record<string, Reason>> = {
  CERT_HAS_EXPIRED: { why: 'it has expired', hint: RENEW },
  CERT_NOT_YET_VALID: { why: 'it is not valid yet', hint: RENEW },
  CERT_REVOKED: {
    why: 'it was revoked',
    hint: 'Ask an administrator of the server to install a new certificate.',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    why: 'it was issued for another host',
    hint: 'Use the address for which the certificate was issued, or ask an administrator of the server to correct it.',
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: { why: 'its issuer is unknown (it is self-signed)', hint: ISSUER },
  SELF_SIGNED_CERT_IN_CHAIN: { why: 'its issuer is unknown', hint: ISSUER },
  UNABLE_TO_GET_ISSUER_CERT: { why: 'its issuer is unknown', hint: ISSUER },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { why: 'its issuer is unknown', hint: ISSUER },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    why: 'its issuer is unknown, or the server does not send the intermediate certificate',
    hint: ISSUER,
  },
};

const ADDRESS = 'Check the address of the server.';
const NETWORK = 'Check the network and the address of the server, then run the command again.';

const CONNECTION: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: {
    why: 'no process listens on this port',
    hint: 'Check the address and the port. If both are right, ask an administrator to start the server.',
  },
  ENOTFOUND: { why: 'the host name does not exist', hint: ADDRESS },
  EAI_AGAIN: { why: 'the host name cannot be resolved at the moment', hint: NETWORK },
  ETIMEDOUT: { why: 'it does not answer in time', hint: NETWORK },
  EHOSTUNREACH: { why: 'the network has no route to it', hint: NETWORK },
  ENETUNREACH: { why: 'the network has no route to it', hint: NETWORK },
  ECONNRESET: { why: 'the connection was lost', hint: NETWORK },
  EPIPE: { why: 'the connection was lost', hint: NETWORK },
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: {
    why: 'it requires a client certificate',
    hint: 'Use the address of the proxy in front of the server.',
  },
};

const NO_TLS: Reason = {
  why: 'it does not use TLS 1.2 or later',
  hint: 'Check the port: the address must be that of an HTTPS server.',
};

/** Converts an error of a connection to a server. Throws nothing. `origin`: the address of the server, for the message. */
export function connectionError(origin: string, error: unknown): EscrowError {
  const code = systemCode(error) ?? '';
  const certificate = Object.hasOwn(CERTIFICATE, code) ? CERTIFICATE[code] : undefined;
  if (certificate !== undefined)
    return new EscrowError(
      'server-certificate-invalid',
      `Cannot trust the certificate of ${origin}: ${certificate.why}.`,
      { hint: certificate.hint, cause: error },
    );
  const known = Object.hasOwn(CONNECTION, code) ? CONNECTION[code] : undefined;
  const isTls = code === 'EPROTO' || code.startsWith('ERR_SSL_');
  const { why, hint } = known ?? (isTls ? NO_TLS : { why: code || 'unknown reason', hint: NETWORK });
  return new EscrowError('server-unreachable', `Cannot reach the server at ${origin}: ${why}.`, {
    hint,
    cause: error,
  });
}
