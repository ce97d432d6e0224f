import { BlockList, isIP } from 'node:net';
import { EscrowError } from '../../errors.ts';
import { readAddress } from './ip-address.ts';

/** The entry for all clients of a Unix socket, whose directory decides who they are. */
const SOCKET = 'unix';
const FORM = /^([0-9a-fA-F:.]{2,45})(?:\/([0-9]{1,3}))?$/;

/** Addresses and networks of the proxies whose headers name the client. */
export class TrustedPeers {
  readonly #list = new BlockList();
  readonly #trustsSocket: boolean;
  /** Whether there are no such proxies. */
  readonly isEmpty: boolean;

  /**
   * `place`: where the entries are set, for messages. `isSocket`: whether the server listens on a Unix socket. A TCP peer that has
   * disconnected has no address either, and must not be taken for a client of the socket. Throws `config-invalid`.
   */
  constructor(entries: readonly string[], place: string, isSocket: boolean) {
    this.#trustsSocket = isSocket && entries.includes(SOCKET);
    this.isEmpty = isSocket ? !this.#trustsSocket : entries.every((entry) => entry === SOCKET);
    for (const entry of entries) if (entry !== SOCKET) this.#add(entry, place);
  }

  /** `address`: of a peer; undefined for a client of the Unix socket. */
  has(address: string | undefined): boolean {
    if (address === undefined) return this.#trustsSocket;
    return this.#list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }

  #add(entry: string, place: string): void {
    const [, text, length] = FORM.exec(entry) ?? [];
    const address = readAddress(text);
    const family = address === undefined ? 0 : isIP(address);
    const bits = family === 6 ? 128 : 32;
    const prefix = length === undefined ? bits : Number(length);
    // A mapped address would have the prefix of another family.
    const isMapped = family === 4 && text?.includes(':') === true;
    if (address === undefined || prefix > bits || (isMapped && length !== undefined))
      throw new EscrowError(
        'config-invalid',
        `Invalid configuration in ${place}: "${entry.slice(0, 50)}" in trustedProxies is neither an address nor a network.`,
        { hint: 'Use addresses or networks such as 127.0.0.1 or 10.0.0.0/8, or unix for a Unix socket.' },
      );
    this.#list.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4');
  }
}
