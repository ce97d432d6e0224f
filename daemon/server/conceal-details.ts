import type { Conceal } from '../api/problem.ts';
import { EscrowError, type ErrorCode } from '../errors.ts';

/** Errors that only an administrator of the server can correct. Their details name its files and the address of its database. */
const OF_ADMINISTRATORS: readonly ErrorCode[] = [
  'ledger-unavailable',
  'ledger-corrupt',
  'ledger-too-new',
  'ledger-denied',
  'ledger-untrusted',
  'claim-lost',
  'vault-key-missing',
  'vault-key-mismatch',
  'vault-locked',
  'vault-key-command-failed',
  'vault-kms-failed',
  'vault-key-file-unusable',
  'passphrase-wrong',
  'config-invalid',
  'permissions-too-open',
  'path-conflict',
];

/**
 * Conceals from the clients of a server how it is set up. An error of the ledger can happen before a token is verified, so that
 * everyone on the network would get its details. The log has them.
 */
export const concealDetails: Conceal = ({ code, row }) =>
  OF_ADMINISTRATORS.includes(code)
    ? new EscrowError(
        code,
        `Cannot handle the request on this server: ${row.title.charAt(0).toLowerCase()}${row.title.slice(1)}.`,
        {
          hint: 'Ask an administrator of the server. Its log has the reason.',
        },
      )
    : undefined;
