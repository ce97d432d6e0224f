import { errorTable, type ErrorCode, type ErrorRow } from './error-table.ts';

export { errorTable, type ErrorCode };

/**
 * An error of the closed table. `detail` names what failed, the object and the reason; `hint` says what to do next.
 * Neither contains a secret value.
 */
export class EscrowError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  /** The field of a request that is invalid. The detail starts with it. */
  readonly field: string | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    options: { hint?: string; cause?: unknown; field?: string } = {},
  ) {
    super(detail, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'EscrowError';
    this.code = code;
    this.hint = options.hint ?? errorTable[code].hint;
    this.field = options.field;
  }

  get row(): ErrorRow {
    return errorTable[this.code];
  }
}

/** Returns the `code` of a Node system error (ENOENT, …), or undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Converts anything thrown to an error of the table. Unknown errors become `internal`, without their stack. */
export function asEscrowError(error: unknown): EscrowError {
  if (error instanceof EscrowError) return error;
  if (error instanceof Error && 'syscall' in error && error.syscall === 'uv_cwd')
    return new EscrowError(
      'config-invalid',
      'Cannot use the current directory: it was deleted, or you may not enter it.',
      { hint: 'Change to an existing directory, then run the command again.', cause: error },
    );
  const detail = error instanceof Error ? error.message : 'A value that is not an Error was thrown.';
  return new EscrowError('internal', detail, { cause: error });
}
