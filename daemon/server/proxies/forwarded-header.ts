import { readAddress } from './ip-address.ts';

/** One proxy's statement: who connected to it, and with which protocol. */
export interface Hop {
  /** Undefined if the proxy does not know or does not name it. */
  readonly address: string | undefined;
  readonly protocol: 'http' | 'https' | undefined;
}

/** Longer headers and chains of proxies do not occur in practice. */
const LENGTH_MAX = 2048;
const HOPS_MAX = 20;

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
/** Without control characters, which Node has rejected already. */
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
const SPACE = /[ \t]*/y;

/**
 * Parses the header Forwarded (RFC 7239). Returns the hops from the client to the last proxy, or undefined if the header is not
 * valid: a lenient parser could be made to read a part of the client's own header as the statement of a proxy.
 */
export function parseForwarded(text: string): readonly Hop[] | undefined {
  if (text.length > LENGTH_MAX) return undefined;
  const hops: Hop[] = [];
  const scanner = new Scanner(text);
  do {
    const pairs = readPairs(scanner);
    const hop = pairs === undefined ? undefined : hopOf(pairs);
    if (hop === undefined || hops.push(hop) > HOPS_MAX) return undefined;
  } while (scanner.take(','));
  return scanner.isAtEnd ? hops : undefined;
}

/** Returns the parameters of an element. Undefined if one is invalid or occurs twice (section 4). */
function readPairs(scanner: Scanner): ReadonlyMap<string, string> | undefined {
  const pairs = new Map<string, string>();
  do {
    const name = scanner.match(TOKEN)?.[0].toLowerCase();
    if (name === undefined || !scanner.takeExactly('=')) return undefined;
    const quoted = scanner.matchExactly(QUOTED)?.[1]?.replaceAll(/\\(.)/g, '$1');
    const value = quoted ?? scanner.matchExactly(TOKEN)?.[0];
    if (value === undefined || pairs.has(name)) return undefined;
    pairs.set(name, value);
  } while (scanner.take(';'));
  return pairs;
}

const OBFUSCATED = /^(?:unknown|_[A-Za-z0-9._-]+)$/i;

/** Returns undefined if a value is invalid. */
function hopOf(pairs: ReadonlyMap<string, string>): Hop | undefined {
  const node = pairs.get('for');
  const protocol = pairs.get('proto')?.toLowerCase();
  if (protocol !== undefined && protocol !== 'http' && protocol !== 'https') return undefined;
  if (node === undefined) return { address: undefined, protocol };
  const address = readNode(node);
  if (address === undefined && !OBFUSCATED.test(withoutPort(node))) return undefined;
  return { address, protocol };
}

/** Returns the address of a node: `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]` or `[2001:db8::1]:80`. */
function readNode(node: string): string | undefined {
  const bracketed = /^\[([0-9a-fA-F:.]+)\](?::[0-9A-Za-z._-]{1,20})?$/.exec(node)?.[1];
  if (bracketed !== undefined) return bracketed.includes(':') ? readAddress(bracketed) : undefined;
  const plain = withoutPort(node);
  return plain.includes(':') ? undefined : readAddress(plain);
}

function withoutPort(node: string): string {
  return node.replace(/:[0-9A-Za-z._-]{1,20}$/, '');
}

/**
 * Parses X-Forwarded-For and X-Forwarded-Proto. A proxy either adds to both lists or sets one protocol, which then is that of the
 * connection to the last proxy. Returns undefined if they are not valid.
 */
export function parseXForwarded(
  addresses: string,
  protocols: string | undefined,
): readonly Hop[] | undefined {
  if (addresses.length > LENGTH_MAX || (protocols?.length ?? 0) > LENGTH_MAX) return undefined;
  const nodes = addresses.split(',').map((node) => node.trim());
  const schemes = protocols?.split(',').map((scheme) => scheme.trim().toLowerCase()) ?? [];
  if (nodes.length > HOPS_MAX || ![0, 1, nodes.length].includes(schemes.length)) return undefined;
  const hops: Hop[] = [];
  for (const [index, node] of nodes.entries()) {
    const address = node.includes(':') && !node.startsWith('[') ? readAddress(node) : undefined;
    const found = address ?? readNode(node);
    const isLast = index === nodes.length - 1;
    const protocol = schemes.length === 1 ? (isLast ? schemes[0] : undefined) : schemes[index];
    if (found === undefined && node.toLowerCase() !== 'unknown') return undefined;
    if (protocol !== undefined && protocol !== 'http' && protocol !== 'https') return undefined;
    hops.push({ address: found, protocol });
  }
  return hops;
}

/** A text and a position in it. */
class Scanner {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    this.matchExactly(SPACE);
    return this.#position === this.#text.length;
  }

  /** Matches after optional space. */
  match(pattern: RegExp): RegExpExecArray | undefined {
    this.matchExactly(SPACE);
    return this.matchExactly(pattern);
  }

  /** `pattern` is sticky. */
  matchExactly(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#position;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.#position += found[0].length;
    return found;
  }

  /** Takes a separator after optional space. */
  take(separator: string): boolean {
    this.matchExactly(SPACE);
    return this.takeExactly(separator);
  }

  takeExactly(separator: string): boolean {
    if (!this.#text.startsWith(separator, this.#position)) return false;
    this.#position += separator.length;
    return true;
  }
}
