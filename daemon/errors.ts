import { errorTable, type ErrorCode, type ErrorRow } from './error-table.ts';

export { errorTable, type ErrorCode };

/**
 * An error of the closed table. `detail` names what failed, the object and the reason; `hint` says what to do next.
 * Neither contains a secret value.
 */
export class EscrowError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, detail: string, options: { hint?: string; cause?: unknown } = {}) {
    super(detail, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'EscrowError';
    this.code = code;
    this.hint = options.hint ?? errorTable[code].hint;
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
  const detail = error instanceof Error ? error.message : 'A value that is not an Error was thrown.';
  return new EscrowError('internal', detail, { cause: error });
}
