import type { IncomingMessage } from 'node:http';
import t from 'tap';
import { findClient } from '../../../daemon/server/proxies/client-of-request.ts';
import { TrustedPeers } from '../../../daemon/server/proxies/trusted-peers.ts';

const trustedProxies = new TrustedPeers(['10.0.0.0/8', '2001:db8::/32', 'unix'], 'the test', false);

function find(
  peer: string | undefined,
  headers: Record<string, string[]>,
  forwardedHeader: 'x-forwarded-for' | 'forwarded' = 'x-forwarded-for',
  isTls = false,
): ReturnType<typeof findClient> {
  const request = { socket: { remoteAddress: peer }, headersDistinct: headers } as unknown as IncomingMessage;
  return findClient(request, { trustedProxies, forwardedHeader, isTls });
}

void t.test('ignores headers of a peer that is no trusted proxy', (t) => {
  const forged = {
    'x-forwarded-for': ['10.1.1.1'],
    'x-forwarded-proto': ['https'],
    forwarded: ['for=10.1.1.1'],
  };
  t.same(find('192.0.2.9', forged), { address: '192.0.2.9', isEncrypted: false });
  t.same(find('192.0.2.9', { 'x-forwarded-for': ['not valid'] }), {
    address: '192.0.2.9',
    isEncrypted: false,
  });
  t.same(find(undefined, forged), { address: undefined, isEncrypted: false }, 'a peer that has disconnected');
  t.end();
});

void t.test('stops at the first address from the right that is no trusted proxy', (t) => {
  const forged = { 'x-forwarded-for': ['10.9.9.9, 192.0.2.1, 10.0.0.2'], 'x-forwarded-proto': ['https'] };
  t.same(find('10.0.0.1', forged), { address: '192.0.2.1', isEncrypted: true });
  t.same(find('::ffff:10.0.0.1', { 'x-forwarded-for': ['192.0.2.1'], 'x-forwarded-proto': ['http'] }), {
    address: '192.0.2.1',
    isEncrypted: false,
  });
  const twice = { 'x-forwarded-for': ['192.0.2.7', '198.51.100.7'], 'x-forwarded-proto': ['https'] };
  t.equal(find('10.0.0.1', twice).address, '198.51.100.7', 'of two headers, the proxy has added the second');
  const listed = { 'x-forwarded-for': ['192.0.2.1, 10.0.0.2'], 'x-forwarded-proto': ['http, https'] };
  t.equal(find('10.0.0.1', listed).isEncrypted, false, 'the connection of the client decides');
  t.end();
});

void t.test('reads only the configured header', (t) => {
  const both = {
    'x-forwarded-for': ['192.0.2.1'],
    'x-forwarded-proto': ['https'],
    forwarded: ['for=192.0.2.66'],
  };
  t.equal(find('10.0.0.1', both).address, '192.0.2.1');
  const other = { ...both, forwarded: ['for="[2001:db9::1]";proto=https'] };
  t.same(find('10.0.0.1', other, 'forwarded'), { address: '2001:db9::1', isEncrypted: true });
  t.same(find('10.0.0.1', { forwarded: ['for=unknown;proto=https'] }, 'forwarded'), {
    address: undefined,
    isEncrypted: true,
  });
  t.same(find('10.0.0.1', {}, 'forwarded', true), { address: '10.0.0.1', isEncrypted: true });
  t.end();
});

void t.test('rejects an invalid header of a trusted proxy', (t) => {
  t.throws(() => find('10.0.0.1', { 'x-forwarded-for': ['192.0.2.1, x'] }), { code: 'proxy-header-invalid' });
  t.throws(() => find('10.0.0.1', { forwarded: ['for="192.0.2.1'] }, 'forwarded'), {
    code: 'proxy-header-invalid',
  });
  for (const entry of ['10.0.0.0/33', 'x', '10.0.0', '::ffff:10.0.0.0/104', ''])
    t.throws(() => new TrustedPeers([entry], 'the test', false), { code: 'config-invalid' }, entry);
  t.end();
});
