import { EscrowError } from '../errors.ts';

/** A complete response. */
export interface HttpResponse {
  readonly status: number;
  /** Empty if there is none. */
  readonly contentType: string;
  readonly body: Buffer;
  /** Whether the server accepts another request on the connection. */
  readonly keepsAlive: boolean;
}

const HEAD_MAX = 16 * 1024;
/** More than the daemon ever sends. It bounds the memory that a hostile server could fill. */
const BODY_MAX = 256 * 1024 * 1024;
/** A chunk's size in hexadecimal digits, without extensions, which the daemon does not send. */
const CHUNK_LINE_MAX = 16;

const STATUS_LINE = /^HTTP\/1\.1 ([2-5]\d\d)(?: [^\0-\x1f\x7f]*)?$/;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0-\x08\x0a-\x1f\x7f]*?)[ \t]*$/;
const LENGTH = /^\d{1,10}$/;
const CHUNK_SIZE = /^[0-9A-Fa-f]{1,8}$/;

/** How the end of the body is found: by its length, by the last chunk, or by the end of the connection. */
type Framing = number | 'chunked' | 'close';

/**
 * Parses one response of HTTP/1.1 (RFC 9112), strictly: everything that two parsers could read differently is an error.
 * Parts of it can arrive at any boundary.
 */
export class HttpResponseParser {
  #unread: Buffer = Buffer.alloc(0);
  #head: { readonly status: number; readonly headers: ReadonlyMap<string, string> } | undefined;
  #framing: Framing = 'close';
  readonly #body: Buffer[] = [];
  #length = 0;
  /** What is left of the current chunk. Undefined: its size has not arrived. */
  #chunk: { readonly isLast: boolean; left: number } | undefined;

  /** Adds bytes of the connection. Returns the response when it is complete. Throws `daemon-unavailable`. */
  add(bytes: Buffer): HttpResponse | undefined {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    if (this.#head === undefined && !this.#readHead()) return undefined;
    if (this.#framing === 'chunked') return this.#readChunks() ? this.#response(true) : undefined;
    this.#take(this.#unread.length);
    if (this.#framing === 'close') return undefined;
    if (this.#length > this.#framing) throw invalid('it is longer than announced');
    return this.#length === this.#framing ? this.#response(true) : undefined;
  }

  /** Returns the response if the end of the connection completes it. */
  end(): HttpResponse | undefined {
    return this.#head !== undefined && this.#framing === 'close' ? this.#response(false) : undefined;
  }

  /** Returns false until the head is complete. */
  #readHead(): boolean {
    const end = this.#unread.indexOf('\r\n\r\n');
    if (end > HEAD_MAX || (end === -1 && this.#unread.length > HEAD_MAX))
      throw invalid('its head is too long');
    if (end === -1) return false;
    const [first = '', ...lines] = this.#unread.toString('latin1', 0, end).split('\r\n');
    const status = STATUS_LINE.exec(first)?.[1];
    if (status === undefined) throw invalid('its status line is not valid HTTP/1.1');
    const headers = new Map<string, string>();
    for (const line of lines) {
      const [, name = '', value = ''] = HEADER.exec(line) ?? [];
      if (name === '') throw invalid('it has an invalid header');
      const known = headers.get(name.toLowerCase());
      headers.set(name.toLowerCase(), known === undefined ? value : `${known}, ${value}`);
    }
    this.#unread = this.#unread.subarray(end + 4);
    this.#head = { status: Number(status), headers };
    this.#framing = framingOf(Number(status), headers);
    return true;
  }

  /** Returns false until the last chunk has arrived. */
  #readChunks(): boolean {
    for (;;) {
      this.#chunk ??= this.#readChunkSize();
      if (this.#chunk === undefined) return false;
      const count = Math.min(this.#chunk.left, this.#unread.length);
      this.#take(count);
      this.#chunk.left -= count;
      if (this.#chunk.left > 0 || this.#unread.length < 2) return false;
      if (this.#unread.toString('latin1', 0, 2) !== '\r\n') throw invalid('a chunk is longer than announced');
      this.#unread = this.#unread.subarray(2);
      const { isLast } = this.#chunk;
      this.#chunk = undefined;
      if (!isLast) continue;
      if (this.#unread.length > 0) throw invalid('it is longer than announced');
      return true;
    }
  }

  #readChunkSize(): { readonly isLast: boolean; left: number } | undefined {
    const end = this.#unread.indexOf('\r\n');
    if (end === -1 && this.#unread.length <= CHUNK_LINE_MAX) return undefined;
    const size = this.#unread.toString('latin1', 0, Math.max(0, end));
    if (!CHUNK_SIZE.test(size)) throw invalid('a chunk has no valid size');
    this.#unread = this.#unread.subarray(end + 2);
    const left = parseInt(size, 16);
    return { isLast: left === 0, left };
  }

  #take(count: number): void {
    this.#length += count;
    if (this.#length > BODY_MAX) throw invalid('it is too long');
    if (count > 0) this.#body.push(this.#unread.subarray(0, count));
    this.#unread = this.#unread.subarray(count);
  }

  #response(isFramed: boolean): HttpResponse {
    const { status, headers } = this.#head ?? { status: 0, headers: new Map<string, string>() };
    return {
      status,
      contentType: headers.get('content-type') ?? '',
      body: Buffer.concat(this.#body),
      keepsAlive: isFramed && headers.get('connection')?.toLowerCase() === 'keep-alive',
    };
  }
}

/** Source: RFC 9112, 6.3. */
function framingOf(status: number, headers: ReadonlyMap<string, string>): Framing {
  const encoding = headers.get('transfer-encoding');
  const length = headers.get('content-length');
  if (encoding !== undefined && length !== undefined)
    throw invalid('it has both Transfer-Encoding and Content-Length');
  if (status === 204 || status === 304) return 0;
  if (encoding !== undefined) {
    if (encoding.toLowerCase() !== 'chunked') throw invalid('its transfer encoding is not supported');
    return 'chunked';
  }
  if (length === undefined) return 'close';
  if (!LENGTH.test(length)) throw invalid('its length is invalid');
  if (Number(length) > BODY_MAX) throw invalid('it is too long');
  return Number(length);
}

function invalid(why: string): EscrowError {
  return new EscrowError('daemon-unavailable', `Cannot read the daemon's response: ${why}.`, {
    hint: 'Restart the daemon: nf-escrow daemon stop, then nf-escrow daemon start.',
  });
}
