import { EscrowError } from '../../errors.ts';
import { INTEGER } from '../routing/read-request.ts';

/** Parses an id in a path. Throws `request-invalid`. */
export function readId(text: string): number {
  if (INTEGER.test(text)) return Number(text);
  throw new EscrowError('request-invalid', 'The id in the path is not a whole number.', {
    hint: 'Take ids from the lists of this API.',
  });
}
