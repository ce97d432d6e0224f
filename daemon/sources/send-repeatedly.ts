import type { StoredServer } from '../api-client/https/stored-servers.ts';
import { EscrowError } from '../errors.ts';
import { unusable } from '../releases/unusable-response.ts';
import { repeatRequest } from './repeat-request.ts';

/** Sends a request as `repeatRequest`, and validates the response in `send`. Throws `release-invalid` if its format is wrong. */
export async function sendRepeatedly<T>(server: StoredServer, send: () => Promise<T>): Promise<T> {
  try {
    return await repeatRequest(send);
  } catch (error) {
    if (error instanceof EscrowError && error.code === 'request-invalid')
      throw unusable(server, 'it does not have the expected format'); // of the response, or a server of another version
    throw error;
  }
}
