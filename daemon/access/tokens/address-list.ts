import { BlockList, isIP, isIPv4 } from 'node:net';
import { EscrowError } from '../../errors.ts';

/** An IPv4 address that a socket for both families reports: RFC 4291, section 2.5.5.2. */
const MAPPED = /^::ffff:([0-9]{1,3}(?:\.[0-9]{1,3}){3})$/i;
const PREFIX = /^(?:0|[1-9][0-9]{0,2})$/;
/** The network of all mapped addresses, as a prefix length. */
const MAPPED_BITS = 96;

/** Throws `request-unprocessable` for an entry that is neither an address nor a network in CIDR notation. */
export function assertAddresses(entries: readonly string[]): void {
  for (const entry of entries) parse(entry);
}

/**
 * Whether an address belongs to a list of addresses and networks. An empty list contains all. An IPv4 address and its mapped
 * IPv6 address are the same. An address that cannot be parsed, or an unknown one, belongs to no list with entries.
 */
export function isInAddresses(entries: readonly string[], address: string | undefined): boolean {
  if (entries.length === 0) return true;
  const plain = unmapped((address ?? '').split('%')[0] ?? ''); // without the zone of a link-local address
  const family = familyOf(plain);
  if (family === undefined) return false;
  const list = new BlockList();
  for (const entry of entries) {
    const { network, bits, family: of } = parse(entry);
    // Node would compare an IPv4 address with IPv6 networks as a mapped one, so that ::/0 contained it.
    if (of === family) list.addSubnet(network, bits, of);
  }
  return list.check(plain, family);
}

/** Returns the plain IPv4 address of a mapped one, or the address itself. */
export function unmapped(address: string): string {
  return MAPPED.exec(address)?.[1] ?? address;
}

interface Network {
  readonly network: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

function parse(entry: string): Network {
  const [address = '', prefix, more] = entry.split('/');
  const isMapped = MAPPED.test(address);
  const network = unmapped(address);
  const family = familyOf(network);
  const most = isIPv4(network) ? 32 : 128;
  const written = prefix === undefined ? undefined : PREFIX.test(prefix) ? Number(prefix) : NaN;
  const bits = written === undefined ? most : isMapped ? written - MAPPED_BITS : written;
  if (more === undefined && family !== undefined && bits >= 0 && bits <= most)
    return { network, bits, family };
  throw new EscrowError(
    'request-unprocessable',
    `Cannot use the address "${entry}": it is neither an IP address nor a network in CIDR notation.`,
    { hint: 'Use an address such as 192.0.2.7, or a network such as 192.0.2.0/24 or 2001:db8::/32.' },
  );
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : undefined;
}
