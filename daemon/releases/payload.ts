import type { Encrypter } from 'age-encryption';
import { EscrowError } from '../errors.ts';
import { whyUnfit } from '../vault/secret-bytes.ts';
import { SecretValue } from '../vault/secret-value.ts';

const FORMAT = 'nf-escrow-release-1';

/**
 * The subject of a release. age does not support additional authenticated data, so the payload contains the subject, and the
 * daemon compares it with the request.
 */
export interface ReleaseTerms {
  /** Id of the release. */
  readonly release: string;
  readonly run: string;
  /** ORGANIZATION/NAME. */
  readonly workspace: string;
  readonly expires: string;
}

/** A secret of a release. */
export interface ReleasedVersion {
  readonly name: string;
  readonly version: number;
}

/** A secret of a release, with its value. */
export interface ReleasedSecret extends ReleasedVersion {
  readonly value: SecretValue;
}

/** Encrypts values to an age recipient. Returns base64. Throws `request-unprocessable` for an invalid recipient. */
export async function encryptPayload(
  terms: ReleaseTerms,
  secrets: readonly ReleasedSecret[],
  recipient: string,
): Promise<string> {
  const { release, run, workspace, expires } = terms;
  const encrypter = await encrypterTo(recipient);
  const content = {
    ...{ format: FORMAT, release, run, workspace, expires },
    secrets: secrets.map(({ name, version, value }) => ({
      ...{ name, version },
      valueBase64: value.open().toString('base64'),
    })),
  };
  return Buffer.from(await encrypter.encrypt(JSON.stringify(content))).toString('base64');
}

/** Throws `request-unprocessable` unless values can be encrypted to a recipient. */
export async function assertRecipient(recipient: string): Promise<void> {
  await encrypterTo(recipient);
}

/** Loads age only here, because most daemons have no team server. */
async function encrypterTo(recipient: string): Promise<Encrypter> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  try {
    encrypter.addRecipient(recipient);
  } catch {
    throw new EscrowError(
      'request-unprocessable',
      'Cannot release secrets: the recipient is not an age public key.',
    );
  }
  return encrypter;
}

/**
 * Decrypts a payload with the age identity of the run, and compares it with what was requested. Returns the values by name. Throws
 * `release-invalid` if anything differs. The error does not quote the payload.
 */
export async function decryptPayload(
  payload: string,
  identity: string,
  terms: ReleaseTerms,
  requested: readonly ReleasedVersion[],
): Promise<ReadonlyMap<string, SecretValue>> {
  const content = parse(await decrypt(payload, identity));
  if (content['format'] !== FORMAT) throw invalid('its format is unknown');
  for (const term of ['release', 'run', 'workspace', 'expires'] as const)
    if (content[term] !== terms[term]) throw invalid(`its ${term} differs from the request`);
  const { secrets } = content;
  if (!Array.isArray(secrets) || secrets.length !== requested.length)
    throw invalid('the number of its secrets differs from the request');
  const values = new Map<string, SecretValue>();
  for (const [index, { name, version }] of [...requested].sort(byName).entries()) {
    const found = (secrets[index] ?? {}) as Readonly<Record<string, unknown>>;
    if (found['name'] !== name || found['version'] !== version)
      throw invalid('the names or versions of its secrets differ from the request');
    values.set(name, new SecretValue(bytesOf(name, found['valueBase64'])));
  }
  return values;
}

/** The order of secrets in a payload. */
export function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}

async function decrypt(payload: string, identity: string): Promise<string> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    return await decrypter.decrypt(Buffer.from(payload, 'base64'), 'text');
  } catch {
    throw invalid('it is not encrypted for this run');
  }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content === 'object' && content !== null) return content as Readonly<Record<string, unknown>>;
  } catch {
    // The message of the parser would quote the content.
  }
  throw invalid('its content is not a JSON object');
}

function bytesOf(name: string, text: unknown): Buffer {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'base64') : undefined;
  if (bytes === undefined || bytes.toString('base64') !== text)
    throw invalid(`the value of ${name} is not base64`);
  const reason = whyUnfit(bytes);
  if (reason === undefined) return bytes;
  throw invalid(`${name} cannot be delivered: ${reason}`);
}

function invalid(why: string): EscrowError {
  return new EscrowError('release-invalid', `Cannot use the release that the server sent: ${why}.`);
}
