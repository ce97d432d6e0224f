import { createHash } from 'node:crypto';
import { isAbsolute } from 'node:path';
import type { WebhookList, WebhookType } from '../contract/types.ts';
import { asEscrowError, EscrowError } from '../errors.ts';
import type { SettingValue } from './setting-sources.ts';

/** A receiver of webhooks. */
export interface WebhookSetting {
  /** A digest of the URL, which may contain a token. */
  readonly id: string;
  readonly url: URL;
  /** Absolute path of the file with the signing secret. */
  readonly secretFile: string;
  readonly events: readonly WebhookType[];
  readonly removalPendingMinutes: number;
}

const EVENTS: readonly WebhookType[] = ['run.ended', 'removal.pending'];
const MINUTES = 15;
const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];

/**
 * Parses the setting: a JSON array (schemas/webhook-list.json). Only the daemon needs it, so other commands do not load the
 * validator. Throws `config-invalid` with the place of an invalid value, and does not quote a URL, which may contain a token.
 */
export async function readWebhooks({
  value,
  place,
}: Pick<SettingValue, 'value' | 'place'>): Promise<readonly WebhookSetting[]> {
  if (value === undefined) return [];
  try {
    return await parse(value);
  } catch (error) {
    const { message, cause } = asEscrowError(error);
    throw new EscrowError('config-invalid', `Invalid value of webhooks in ${place}: ${message}`, {
      hint: 'Set a list of objects with url and secretFile. docs/monitoring.md has an example.',
      cause,
    });
  }
}

async function parse(text: string): Promise<readonly WebhookSetting[]> {
  const { validate } = await import('../contract/validate.ts');
  let list: WebhookList;
  try {
    list = validate<'WebhookList'>('webhook-list.json', JSON.parse(text));
  } catch (error) {
    // The message of the validator quotes no data.
    const why = error instanceof EscrowError ? inWords(error.message) : 'it is not valid JSON.';
    throw new EscrowError('config-invalid', why, { cause: error });
  }
  const hooks = list.map(readWebhook);
  if (new Set(hooks.map(({ id }) => id)).size < hooks.length)
    throw new EscrowError('config-invalid', 'two of them have the same url.');
  return hooks;
}

/** Returns a message of the validator, such as `0.url is missing`, with the item as users count it. */
function inWords(message: string): string {
  return message
    .replace(/^The body/, 'the value')
    .replace(/^(\d+)(?:\.(\S+))?/, (_, index: string, field?: string) => {
      const item = `item ${String(Number(index) + 1)}`;
      return field === undefined ? item : `${field} of ${item}`;
    });
}

function readWebhook(one: WebhookList[number], index: number): WebhookSetting {
  const { url: address, secretFile, events = EVENTS, removalPendingMinutes = MINUTES } = one;
  const refuse = (why: string): EscrowError =>
    new EscrowError('config-invalid', `${why} in item ${String(index + 1)}.`);
  if (!URL.canParse(address)) throw refuse('url is not a URL');
  const url = new URL(address);
  const isLocal = url.protocol === 'http:' && LOOPBACK.includes(url.hostname);
  if (url.protocol !== 'https:' && !isLocal)
    throw refuse('url is neither an https address nor an http address on loopback');
  if (url.username !== '' || url.password !== '') throw refuse('url contains a user name or a password');
  if (!isAbsolute(secretFile)) throw refuse('secretFile is not an absolute path');
  const id = createHash('sha256').update(url.href).digest('hex').slice(0, 32);
  return { id, url, secretFile, events, removalPendingMinutes };
}
