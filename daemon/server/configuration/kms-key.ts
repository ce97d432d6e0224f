import { parseArn } from '../../contract/arn.ts';
import { EscrowError } from '../../errors.ts';

/** The forms in which AWS KMS accepts a key: `KeyId` in its API reference. */
const KEY_ID = /^(?:alias\/[A-Za-z0-9/_-]{1,250}|[A-Za-z0-9-]{1,100})$/;
const RESOURCE = /^(?:alias\/[A-Za-z0-9/_-]{1,250}|key\/[A-Za-z0-9-]{1,100})$/;

/** Returns whether a text names a key of AWS KMS: an ARN of a key or an alias, a key ID, or `alias/NAME`. */
export function isKmsKey(text: string): boolean {
  if (!text.startsWith('arn:')) return KEY_ID.test(text);
  const arn = parseArn(text);
  if (arn === undefined || arn.service !== 'kms' || !RESOURCE.test(arn.resource)) return false;
  return /^[a-z0-9-]{1,30}$/.test(arn.region) && /^[0-9]{12}$/.test(arn.account);
}

/** Checks the settings of AWS KMS. `place`: where they are set. Throws `config-invalid`. */
export function assertKmsSettings(
  {
    kmsKeyId,
    kmsEndpoint,
  }: { readonly kmsKeyId: string | undefined; readonly kmsEndpoint: string | undefined },
  place: string,
): void {
  if (kmsKeyId !== undefined && !isKmsKey(kmsKeyId))
    throw new EscrowError(
      'config-invalid',
      `Invalid configuration in ${place}: vault.kmsKeyId does not name a key of AWS KMS.`,
      {
        hint: 'Set it to the ARN of a key, such as arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab, or to an alias ARN, a key ID or alias/NAME.',
      },
    );
  if (kmsEndpoint === undefined || isEndpoint(kmsEndpoint)) return;
  throw new EscrowError(
    'config-invalid',
    `Invalid configuration in ${place}: vault.kmsEndpoint must be an https URL without a path.`,
    {
      hint: 'Set it to the URL of the endpoint, such as https://kms.eu-west-1.amazonaws.com. Plain http is accepted only for an emulator on 127.0.0.1.',
    },
  );
}

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const { protocol, hostname, pathname, search, hash, username, password } = url;
  if (pathname !== '/' || search + hash + username + password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.includes(hostname));
}
