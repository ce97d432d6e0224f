import { EscrowError, type ErrorCode } from '../errors.ts';

/** Errors whose usual hint tells how to correct the reader's AWS identity or clock. Here, they are those of the server. */
const OF_SERVER: readonly ErrorCode[] = ['aws-credentials', 'aws-denied', 'aws-clock', 'aws-rejected'];
const HINT =
  'The server sends this request with its AWS identity. Ask an administrator of the server to correct the cause.';
/** `asAwsError` ends the message with the remedy, for those who read only the message. */
const REMEDY = / Remedy: .*$/s;

/** Returns the error for the person who launches a run: AWS has rejected a request of the server, which this person cannot correct. */
export function explainToLauncher(error: unknown): unknown {
  if (!(error instanceof EscrowError) || !OF_SERVER.includes(error.code)) return error;
  const detail = error.message.replace(REMEDY, '').replace("this machine's clock", "the server's clock");
  return new EscrowError(error.code, detail, { cause: error, hint: HINT });
}
