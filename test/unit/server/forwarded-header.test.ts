import fc from 'fast-check';
import t from 'tap';
import { parseForwarded, parseXForwarded } from '../../../daemon/server/proxies/forwarded-header.ts';
import { networkOf, readAddress } from '../../../daemon/server/proxies/ip-address.ts';

void t.test('parses the examples of RFC 7239', (t) => {
  const address = (text: string): unknown => parseForwarded(text)?.map((hop) => hop.address);
  t.same(address('For="[2001:db8:cafe::17]:4711"'), ['2001:db8:cafe::17']);
  t.same(parseForwarded('for=192.0.2.60;proto=http;by=203.0.113.43'), [
    { address: '192.0.2.60', protocol: 'http' },
  ]);
  t.same(address('for=192.0.2.43, for=198.51.100.17'), ['192.0.2.43', '198.51.100.17']);
  t.same(address('for="192.0.2.43:47011"'), ['192.0.2.43']);
  t.same(address('for=_SEVKISEK, for=unknown'), [undefined, undefined]);
  t.same(parseForwarded('proto=https;for="_mdn"'), [{ address: undefined, protocol: 'https' }]);
  t.end();
});

void t.test('rejects what two parsers could read differently', (t) => {
  for (const text of [
    '',
    ',',
    'for=192.0.2.1,',
    ',for=192.0.2.1',
    'for=192.0.2.1;',
    'for =192.0.2.1',
    'for= 192.0.2.1',
    'for=192.0.2.1;for=192.0.2.2',
    'for="192.0.2.1',
    'for="192.0.2.1" x',
    'for=2001:db8::1',
    'for="2001:db8::1"',
    'for=[2001:db8::1]',
    'for=192.0.2.256',
    'for=192.0.2.1;proto=gopher',
    'for="[192.0.2.1]"',
    'for=example.org',
    `for=${'192.0.2.1, for='.repeat(30)}192.0.2.1`,
    `for=192.0.2.1;x="${'y'.repeat(3000)}"`,
  ])
    t.equal(parseForwarded(text), undefined, text.slice(0, 60));
  t.end();
});

void t.test('parses X-Forwarded-For with one protocol or as many as addresses', (t) => {
  t.same(parseXForwarded('192.0.2.1, 198.51.100.1', 'https'), [
    { address: '192.0.2.1', protocol: undefined },
    { address: '198.51.100.1', protocol: 'https' },
  ]);
  t.same(parseXForwarded('192.0.2.1, 198.51.100.1', 'https, http'), [
    { address: '192.0.2.1', protocol: 'https' },
    { address: '198.51.100.1', protocol: 'http' },
  ]);
  t.same(parseXForwarded('::ffff:192.0.2.1', undefined), [{ address: '192.0.2.1', protocol: undefined }]);
  t.same(parseXForwarded('[2001:DB8::1]:80', 'https'), [{ address: '2001:db8::1', protocol: 'https' }]);
  t.same(parseXForwarded('192.0.2.1:4711', 'https'), [{ address: '192.0.2.1', protocol: 'https' }]);
  for (const [addresses, protocols] of [
    ['', 'https'],
    ['192.0.2.1,', 'https'],
    ['192.0.2.1', 'https, https'],
    ['192.0.2.1', 'ftp'],
    ['localhost', 'https'],
    ['192.0.2.1 198.51.100.1', 'https'],
  ] as const)
    t.equal(parseXForwarded(addresses, protocols), undefined, `${addresses} ${protocols}`);
  t.end();
});

void t.test('never throws, and finds only addresses that the text contains', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', maxLength: 60 }), (text) => {
      for (const hop of [...(parseForwarded(text) ?? []), ...(parseXForwarded(text, undefined) ?? [])])
        if (hop.address !== undefined && !text.toLowerCase().includes(hop.address)) return false;
      return true;
    }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.ipV4(), fc.constantFrom('http', 'https')), { minLength: 1, maxLength: 20 }),
      (hops) => {
        const text = hops.map(([address, protocol]) => `for=${address};proto=${protocol}`).join(', ');
        return (
          JSON.stringify(parseForwarded(text)) ===
          JSON.stringify(hops.map(([address, protocol]) => ({ address, protocol })))
        );
      },
    ),
  );
  t.end();
});

void t.test('returns addresses in one form, and the network that shares a limit', (t) => {
  t.equal(readAddress('::ffff:192.0.2.1'), '192.0.2.1');
  t.equal(readAddress('fe80::1%eth0'), 'fe80::1');
  t.equal(readAddress('2001:DB8::A'), '2001:db8::a');
  for (const text of ['', 'x', '1.2.3', '::ffff:1.2.3.999', undefined]) t.equal(readAddress(text), undefined);
  t.equal(networkOf('192.0.2.1'), '192.0.2.1');
  t.equal(networkOf('2001:db8::1'), '2001:db8:0:0::/64');
  t.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  t.equal(networkOf('2001:0db8:1:2::6'), '2001:db8:1:2::/64');
  t.equal(networkOf('::1'), '0:0:0:0::/64');
  t.end();
});
