import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Recognizable, so that secret scanners find tokens in files. */
const PREFIX = 'nfe_';
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 62^43 is more than 2^256, and 62^6 is more than 2^32. */
const RANDOM_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const TOKEN = new RegExp(
  `^${PREFIX}([0-9A-Za-z]{${String(RANDOM_LENGTH)}})([0-9A-Za-z]{${String(CHECKSUM_LENGTH)}})$`,
);

/**
 * Returns a new token: a prefix, 256 random bits and a checksum, as GitHub's tokens. With the checksum, scanners and servers
 * recognize a token without a database. https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
 */
export function createTokenText(): string {
  const random = toDigits(BigInt(`0x${randomBytes(32).toString('hex')}`), RANDOM_LENGTH);
  return `${PREFIX}${random}${checksumOf(random)}`;
}

/** Whether a text has the form of a token, and its checksum is right. */
export function isTokenText(text: string): boolean {
  const [, random, checksum] = TOKEN.exec(text) ?? [];
  return random !== undefined && checksumOf(random) === checksum;
}

/** Returns what the ledger keeps of a token. With 256 random bits, a slow hash would add nothing. */
export function hashOfToken(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function checksumOf(random: string): string {
  return toDigits(BigInt(crc32(random)), CHECKSUM_LENGTH);
}

/** Writes a number in base 62. */
function toDigits(number: bigint, length: number): string {
  let [rest, digits] = [number, ''];
  for (let index = 0; index < length; index += 1) {
    digits = (DIGITS[Number(rest % 62n)] ?? '') + digits;
    rest /= 62n;
  }
  return digits;
}
