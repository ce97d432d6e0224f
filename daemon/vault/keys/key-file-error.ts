import { EscrowError, systemCode } from '../../errors.ts';

/**
 * Does something with the key file. What the file system refuses is the set-up's fault and not ours: it becomes
 * `vault-key-file-unusable`; other errors stay as they are.
 */
export function withKeyFile<T>(path: string, action: 'read' | 'write', work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof EscrowError && error.code === 'permissions-too-open') throw error; // it has its own remedy
    const code = systemCode(error instanceof EscrowError ? error.cause : error);
    if (code === undefined) throw error;
    throw new EscrowError(
      'vault-key-file-unusable',
      `Cannot ${action} the vault key file "${path}": ${code}.`,
      { cause: error },
    );
  }
}
