import { execFileSync } from 'node:child_process';
import t from 'tap';
import type { ExposureEncoding } from '../../../daemon/contract/types.ts';
import { MatchStream } from '../../../daemon/redaction/match-stream.ts';
import { NeedleSet } from '../../../daemon/redaction/needles/needle-set.ts';
import { isMaskable } from '../../../daemon/redaction/needles/needles.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';

/** Returns the encodings in which a value is found in a text. */
async function find(value: string | Buffer, text: string | Buffer): Promise<ExposureEncoding[]> {
  const set = await NeedleSet.of(new Map([['A_KEY', new SecretValue(Buffer.from(value))]]));
  const stream = new MatchStream(set);
  stream.push(Buffer.from(text));
  stream.end();
  return [...new Set(set.needles.filter((_, at) => stream.found[at] === 1).map(({ encoding }) => encoding))];
}

const HARD = [
  `a"b'c/d\\e$f`,
  'café-😀-1',
  'tab\there x',
  `<a href='x'>&amp=`,
  'p@ss`w0rd`',
  'two words+plus%',
];

void t.test('finds base64 at every offset, also URL-safe and wrapped', async (t) => {
  for (const value of [...HARD, 'abcdef'])
    for (const before of ['', 'x', 'xy', 'xyz', 'user:'])
      for (const after of ['', 'z', 'zz']) {
        const text = Buffer.from(`${before}${value}${after}`);
        t.match(await find(value, text.toString('base64')), ['base64'], `${before}${value}${after}`);
        t.ok((await find(value, text.toString('base64url'))).length > 0, `URL-safe: ${before}${value}`);
      }
  const long = 'q?>~'.repeat(200);
  const wrapped = execFileSync('base64', { input: `${long}\n`, encoding: 'utf8' });
  t.match(await find(long, wrapped.split('\n')[4] ?? ''), ['base64'], 'one line of GNU base64');
});

void t.test('finds what programs write', async (t) => {
  const bash = (script: string, value: string): string =>
    execFileSync('bash', ['--norc', '-c', script, 'bash', value], {
      encoding: 'utf8',
      env: { LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const python = (code: string, value: string): string =>
    execFileSync('python3', ['-c', `import sys\nv = sys.argv[1]\n${code}`, value], { encoding: 'utf8' });
  for (const value of HARD) {
    const finds = async (text: string | Buffer, what: string): Promise<void> => {
      t.ok((await find(value, text)).length > 0, `${what}: ${value}`);
    };
    await finds(value, 'as it is');
    await finds(JSON.stringify({ v: value }), 'JSON.stringify');
    await finds(python('import json; print(json.dumps(v))', value), "Python's json");
    await finds(encodeURIComponent(value), 'encodeURIComponent');
    await finds(encodeURI(value), 'encodeURI');
    await finds(new URLSearchParams({ v: value }).toString(), 'URLSearchParams');
    await finds(python('import urllib.parse; print(urllib.parse.quote(v))', value), "Python's quote");
    await finds(
      python('import urllib.parse; print(urllib.parse.quote_plus(v))', value),
      "Python's quote_plus",
    );
    await finds(python('import html; print(html.escape(v))', value), "Python's html.escape");
    await finds(python('import shlex; print(shlex.quote(v))', value), "Python's shlex.quote");
    await finds(bash('printf %q "$1"', value), 'printf %q');
    await finds(bash('x=$1; declare -p x', value), 'declare -p');
    await finds(bash('exec 2>&1; set -x; : "$1"', value), 'set -x');
    await finds(Buffer.from(value).toString('hex'), 'hex');
    await finds(Buffer.from(value).toString('hex').toUpperCase(), 'HEX');
    await finds(Buffer.from(value, 'utf16le'), 'UTF-16LE');
    await finds(Buffer.from(value, 'utf16le').swap16(), 'UTF-16BE');
  }
});

void t.test('finds what Nextflow writes', async (t) => {
  t.same(await find("a<b>&c=d'e", '{"x":"a\\u003cb\\u003e\\u0026c\\u003dd\\u0027e"}'), ['json'], 'Gson');
  t.same(await find("café/x'y", '"caf\\u00E9\\/x\\\'y"'), ['json'], 'escapeJavaScript');
  t.same(await find('café/xy', '"caf\\u00e9/xy"'), ['json'], "Groovy's JsonOutput");
  t.same(await find('a<b>&c"d', '<td>a&lt;b&gt;&amp;c&quot;d</td>'), ['xml']);
  t.same(await find('a$b"c`d', 'export A="a\\$b"c`d"'), ['shell'], 'its own store');
});

void t.test('finds lines, and bytes that are not text', async (t) => {
  const value = '-----BEGIN KEY-----\r\nMIIEvQIBADANBg\r\n  kqhkiG9w0BAQEF\r\ntrue\r\n-----END KEY-----\r\n';
  t.same(await find(value, 'key: MIIEvQIBADANBg;'), ['plain']);
  t.same(await find(value, '> kqhkiG9w0BAQEF'), ['plain'], 'without its indentation');
  t.same(await find(value, Buffer.from('x: MIIEvQIBADANBg').toString('base64')), ['base64']);
  t.same(await find(value, '-----BEGIN KEY-----\nanother\n-----END KEY-----'), []);
  t.same(await find(value, 'if true; then'), [], 'a short line');
  t.same(await find('hunter2\n', 'password=hunter2;'), ['plain'], 'without its final newline');
  const raw = Buffer.from([0xff, 0x60, 0xc3, 7, 0x80, 0x81, 0xfe]);
  t.same(await find(raw, Buffer.concat([Buffer.from('x'), raw])), ['plain']);
  t.ok(
    (await find(raw, execFileSync('bash', ['-c', `printf %q $'\\xff\\x60\\xc3\\x07\\x80\\x81\\xfe'`])))
      .length > 0,
  );
});

void t.test('leaves out values under 6 bytes', async (t) => {
  const maskable = (value: string): boolean => isMaskable(new SecretValue(Buffer.from(value)));
  t.ok(maskable('abcdef'));
  t.notOk(maskable('abcde'));
  t.notOk(maskable('abcde\n'));
  t.same(await find('abcde', 'abcde'), []);
});
