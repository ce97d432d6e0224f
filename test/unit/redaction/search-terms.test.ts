import t from 'tap';
import { lineMask } from '../../../daemon/redaction/mask-lines.ts';
import { searchTerms } from '../../../daemon/redaction/search-terms.ts';
import { StreamSearch } from '../../../daemon/redaction/stream-search.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';

function finds(value: string | Buffer, text: string | Buffer): boolean {
  const { terms } = searchTerms(new Map([['A_KEY', new SecretValue(Buffer.from(value))]]), '');
  const search = new StreamSearch(terms);
  search.accept(Buffer.from(text));
  return search.end().length > 0;
}

void t.test('finds each line of a multi-line value', async (t) => {
  const value =
    '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\r\n  kqhkiG9w0BAQEF\ntrue\n-----END PRIVATE KEY-----\n';
  t.ok(finds(value, 'key: MIIEvQIBADANBg;'));
  t.ok(finds(value, '> kqhkiG9w0BAQEF'), 'without its indentation');
  t.ok(finds(value, value));
  t.notOk(finds(value, '-----BEGIN PRIVATE KEY-----\nanother\n-----END PRIVATE KEY-----'));
  t.notOk(finds(value, 'nxf_stage() {\n    true\n}'), 'a word that occurs in every script');
  t.ok(finds('abcd\nefg\n', 'x abcd\nefg x'), 'the whole value if all lines are short');
  t.notOk(finds('abcd\nefg\n', 'x abcd x efg'));
  t.ok(finds('hunter2\n', 'password=hunter2;'), 'without its final newline');
});

void t.test('finds values that Nextflow has quoted or escaped', async (t) => {
  for (const value of ['a"b\'c/d\\e$f', 'café-😀', 'tab\there', "<a href='x'>&amp=", 'p@ss`w0rd`']) {
    t.ok(finds(value, value), value);
    t.ok(finds(value, JSON.stringify({ tag: value })), `JSON of ${value}`);
    t.ok(finds(value, `export A="${value.replaceAll(/[\\"$`]/g, '\\$&')}"`), `shell: ${value}`);
  }
  t.ok(finds("a<b>&c=d'e", '{"x":"a\\u003cb\\u003e\\u0026c\\u003dd\\u0027e"}'), 'Gson');
  t.ok(finds("café/x'y", '"caf\\u00E9\\/x\\\'y"'), 'escapeJavaScript');
  t.ok(finds('café/xy', '"caf\\u00e9/xy"'), "Groovy's JsonOutput");
  t.ok(finds('a<b>&c"d', '<td>a&lt;b&gt;&amp;c&quot;d</td>'), 'HTML');
  const raw = Buffer.from([1, 0xff, 0x60, 0xc3, 7]);
  t.ok(finds(raw, Buffer.concat([Buffer.from([0]), raw])), 'binary value');
});

void t.test('skips values that are too short or too common, and names them', async (t) => {
  const values = {
    LONG_KEY: 'long enough',
    SHORT_KEY: 'abc',
    EMPTY_KEY: '',
    WORD_KEY: 'root',
    SLASHES: '\\\\\\\\x',
  };
  const all = new Map(
    Object.entries(values).map(([name, value]) => [name, new SecretValue(Buffer.from(value))]),
  );
  const { terms, short, common } = searchTerms(all, 'in /root/home');
  t.same([...new Set(terms.map(({ secret }) => secret))], ['LONG_KEY']);
  t.same(short, ['SHORT_KEY', 'EMPTY_KEY', 'SLASHES']);
  t.same(common, ['WORD_KEY']);
});

void t.test('masks values and lines of values in a text, the longest first', async (t) => {
  const values = ['abcd\n', 'xabcdx', 'first line\nsecond line'].map(
    (text) => new SecretValue(Buffer.from(text)),
  );
  const masked = lineMask(values);
  t.equal(masked('P (xabcdx and abcd)'), 'P ([secret] and [secret])');
  t.equal(masked('P (second line)'), 'P ([secret])');
  t.equal(masked('P (1)'), 'P (1)');
});
