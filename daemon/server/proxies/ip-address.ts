import { isIP } from 'node:net';

const MAPPED = /^::ffff:([0-9]{1,3}(?:\.[0-9]{1,3}){3})$/i;

/** Returns an IP address in one form: IPv4 also if it is mapped to IPv6, and without a zone. Undefined for anything else. */
export function readAddress(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const [plain = ''] = text.split('%', 1); // a zone is the name of an interface of this machine
  const mapped = MAPPED.exec(plain)?.[1];
  const address = mapped ?? plain;
  return isIP(address) === 0 ? undefined : address.toLowerCase();
}

/**
 * Returns the key of the limit that requests from one network share: an IPv4 address, or the first 64 bits of an IPv6 address.
 */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const groups = [...first, ...Array.from({ length: zeros }, () => '0'), ...last];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
