import { createHmac } from 'node:crypto';
import { EscrowError } from '../errors.ts';
import { readPrivateText } from '../system/files/private-text.ts';

const BYTES_MIN = 24;
/** Prefix of a secret in base64, as other senders of Standard Webhooks write it. */
const PREFIX = 'whsec_';
const FILE = {
  what: 'file of a webhook secret',
  variable: 'webhooks',
  example: '.config/nf-escrow/webhook.secret',
};

/** Reads the key that signs webhooks. Throws `config-invalid` if it is too short, and the errors of readPrivateText. */
export function readSigningKey(path: string): Buffer {
  const text = readPrivateText(path, FILE);
  const key = text.startsWith(PREFIX) ? Buffer.from(text.slice(PREFIX.length), 'base64') : Buffer.from(text);
  if (key.length >= BYTES_MIN) return key;
  throw new EscrowError(
    'config-invalid',
    `Cannot use the file of a webhook secret "${path}": the secret has less than ${String(BYTES_MIN)} bytes.`,
    { hint: `Create one: (umask 077; openssl rand -hex 32 > ${path})` },
  );
}

/**
 * Returns the headers of Standard Webhooks (https://www.standardwebhooks.com): an HMAC-SHA256 over the id, the time of the attempt
 * in seconds, and the body. A receiver rejects old times, so that a recorded request cannot be sent again later.
 */
export function signatureHeaders(
  key: Buffer,
  { id, body, seconds }: { readonly id: string; readonly body: string; readonly seconds: number },
): Record<string, string> {
  const timestamp = String(Math.floor(seconds));
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
