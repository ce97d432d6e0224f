import t from 'tap';
import {
  formatListenAddress,
  readListenAddress,
  readListenSetting,
} from '../../../daemon/config/listen-address.ts';

void t.test('accepts loopback addresses with a port', (t) => {
  for (const [text, host, port] of [
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['127.0.0.1:65535', '127.0.0.1', 65_535],
    ['localhost:8080', '127.0.0.1', 8080],
    ['[::1]:8080', '::1', 8080],
  ] as const)
    t.same(readListenAddress(text), { host, port }, text);
  t.equal(formatListenAddress({ host: '::1', port: 1 }), '[::1]:1');
  t.equal(readListenSetting('off'), undefined);
  t.end();
});

void t.test('rejects every other address, with the reason', (t) => {
  for (const text of [
    '0.0.0.0:80',
    '[::]:80',
    '192.168.1.4:80',
    '127.0.0.2:80',
    'evil.example:80',
    'localhost.evil.example:80',
    '2130706433:80',
    '::1:80',
    '__proto__:80',
    'constructor:80',
  ])
    t.throws(
      () => readListenAddress(text),
      { code: 'config-invalid', message: /listens only on loopback addresses/ },
      text,
    );
  for (const text of [
    '',
    ':80',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '127.0.0.1:1e3',
    'on',
    '80',
    '127.0.0.1:80 ',
    '/run/x.sock',
  ])
    t.throws(() => readListenSetting(text), { code: 'config-invalid' }, text);
  t.end();
});
