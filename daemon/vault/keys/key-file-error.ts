import { EscrowError, systemCode } from '../../errors.ts';
import { describeSystemError } from '../../system/files/path-error.ts';

/**
 * Runs `work` on the key file. Converts file system errors to `vault-key-file-unusable`, because the user has to fix
 * them; rethrows other errors unchanged.
 */
export function withKeyFile<T>(path: string, action: 'read' | 'write', work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof EscrowError && error.code === 'permissions-too-open') throw error; // it has its own hint
    const code = systemCode(error instanceof EscrowError ? error.cause : error);
    if (code === undefined) throw error;
    throw new EscrowError(
      'vault-key-file-unusable',
      `Cannot ${action} the vault key file "${path}": ${describeSystemError(error instanceof EscrowError ? error.cause : error)}.`,
      { cause: error },
    );
  }
}
