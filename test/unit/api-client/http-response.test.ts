import fc from 'fast-check';
import t from 'tap';
import { HttpResponseParser, type HttpResponse } from '../../../daemon/api-client/http-response.ts';

/** Parses text that arrives in pieces, and the end of the connection if `ends`. */
function parse(pieces: readonly Buffer[], { ends = false } = {}): HttpResponse | undefined {
  const parser = new HttpResponseParser();
  let response: HttpResponse | undefined;
  for (const piece of pieces) response ??= parser.add(piece);
  return response ?? (ends ? parser.end() : undefined);
}

const one = (text: string): Buffer[] => [Buffer.from(text, 'latin1')];
const bytes = (text: string): Buffer[] => [...Buffer.from(text, 'latin1')].map((byte) => Buffer.from([byte]));
const OK = 'HTTP/1.1 200 OK\r\n';

void t.test('reads a response of known length, wherever the connection splits it', (t) => {
  const text = `${OK}Content-Type: application/json; charset=utf-8\r\nContent-Length: 4\r\nConnection: keep-alive\r\n\r\n{}\r\n`;
  for (const pieces of [one(text), bytes(text)]) {
    const response = parse(pieces);
    t.match(response, { status: 200, contentType: 'application/json; charset=utf-8', keepsAlive: true });
    t.equal(response?.body.toString(), '{}\r\n');
  }
  t.equal(parse(one(text.slice(0, -1))), undefined, 'waits for the last byte');
  t.equal(parse(one(text.slice(0, -1)), { ends: true }), undefined, 'rejects a truncated body');
  t.end();
});

void t.test('reads a chunked response, wherever the connection splits it', (t) => {
  const text = `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\na\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n`;
  for (const pieces of [one(text), bytes(text)]) t.equal(parse(pieces)?.body.toString(), 'a\r\n0123456789');
  for (let length = 0; length < text.length; length += 1)
    t.equal(
      parse(one(text.slice(0, length)), { ends: true }),
      undefined,
      `truncated after ${String(length)}`,
    );
  t.end();
});

void t.test('reads any body in any chunks', (t) => {
  const part = fc.uint8Array({ minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.integer({ min: 1, max: 400 }), (parts, step) => {
      const chunks = parts.flatMap((chunk) => [
        Buffer.from(`${chunk.length.toString(16)}\r\n`),
        Buffer.from(chunk),
        Buffer.from('\r\n'),
      ]);
      const text = Buffer.concat([
        ...one(`${OK}transfer-encoding: chunked\r\n\r\n`),
        ...chunks,
        ...one('0\r\n\r\n'),
      ]);
      const pieces = [];
      for (let at = 0; at < text.length; at += step) pieces.push(text.subarray(at, at + step));
      t.ok(parse(pieces)?.body.equals(Buffer.concat(parts)));
    }),
    { numRuns: 200 },
  );
  t.end();
});

void t.test('reads a body that the end of the connection ends, and responses without a body', (t) => {
  t.match(parse(one(`${OK}\r\nabc`), { ends: true }), { body: Buffer.from('abc'), keepsAlive: false });
  t.match(parse(one('HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n')), {
    status: 204,
    keepsAlive: true,
  });
  t.match(parse(one(`${OK}Content-Length: 0\r\nConnection: close\r\n\r\n`)), { keepsAlive: false });
  t.end();
});

void t.test('rejects what two parsers could read differently, and what is too long', (t) => {
  const hostile: Record<string, string> = {
    'another protocol': 'SSH-2.0-OpenSSH\r\n\r\n',
    'HTTP/1.0': 'HTTP/1.0 200 OK\r\n\r\n',
    'an interim response': 'HTTP/1.1 100 Continue\r\n\r\n',
    'a status without three digits': 'HTTP/1.1 20 OK\r\n\r\n',
    'two different lengths': `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
    'a length and chunks': `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'a signed length': `${OK}Content-Length: +1\r\n\r\na`,
    'a hexadecimal length': `${OK}Content-Length: 0x1\r\n\r\na`,
    'a length above the limit': `${OK}Content-Length: 9999999999\r\n\r\n`,
    'a second response': `${OK}Content-Length: 1\r\n\r\na${OK}`,
    'a folded header': `${OK}A: b\r\n c\r\n\r\n`,
    'a space before the colon': `${OK}Content-Length : 1\r\n\r\na`,
    'a line feed alone': `${OK}A: b\nContent-Length: 1\r\n\r\na`,
    'a header without a name': `${OK}: b\r\n\r\n`,
    'a head that is too long': `${OK}A: ${'b'.repeat(17_000)}`,
    'another encoding': `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    'two encodings': `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'a chunk without a size': `${OK}Transfer-Encoding: chunked\r\n\r\n\r\na`,
    'a negative chunk': `${OK}Transfer-Encoding: chunked\r\n\r\n-1\r\na\r\n`,
    'a chunk extension': `${OK}Transfer-Encoding: chunked\r\n\r\n1;a=b\r\na\r\n0\r\n\r\n`,
    'a huge chunk size': `${OK}Transfer-Encoding: chunked\r\n\r\n${'f'.repeat(20)}`,
    'a chunk that is longer than its size': `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`,
    trailers: `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n`,
    'bytes after the last chunk': `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nx`,
  };
  for (const [name, text] of Object.entries(hostile))
    t.throws(() => parse(one(text)), { code: 'daemon-unavailable' }, name);
  t.end();
});
