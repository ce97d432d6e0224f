import type { EscrowError, ErrorCode } from '../../errors.ts';
import type { SchemaFile } from './schema-files.ts';

/** How an API reports errors. */
export interface ErrorForm {
  readonly mediaType: string;
  readonly schema: SchemaFile;
  readonly statusOf: (code: ErrorCode) => number;
  readonly bodyOf: (error: EscrowError) => object;
}

/** Returns the message of an error for clients. That of an internal error stays in the log, because it may quote data. */
export function detailOf({ code, message }: EscrowError): string {
  return code === 'internal' ? 'The daemon failed with an unexpected error.' : message;
}
