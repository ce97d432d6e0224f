import { createHash, createHmac } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Sessions } from '../../../daemon/access/sessions.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const ORIGIN = 'http://127.0.0.1:8080';
const NONCE = 'n'.repeat(43);

interface Ground {
  readonly path: string;
  /** Lets time pass. */
  readonly pass: (ms: number) => void;
  /** Opens the sessions as a new daemon does. */
  readonly open: () => Sessions;
}

function ground(t: Test): Ground {
  const path = join(temporaryDirectory(t), 'sockets/page.sessions');
  let passed = 0;
  const clock = { now: () => Date.parse('2026-01-05T10:00:00Z') + passed, monotonic: () => passed };
  return { path, pass: (ms) => (passed += ms), open: () => new Sessions(path, clock) };
}

function signIn(sessions: Sessions): { readonly id: string; readonly token: string } {
  return sessions.exchange(sessions.createCode().code);
}

const invalid = { code: 'sign-in-code-invalid' };

void t.test('exchanges each code once, within five minutes', (t) => {
  const { pass, open } = ground(t);
  const sessions = open();
  const { code } = sessions.createCode();
  const { token } = sessions.exchange(code);
  t.ok(sessions.accepts(token));
  t.throws(() => sessions.exchange(code), invalid, 'used');
  t.throws(() => sessions.exchange(code.slice(1)), invalid, 'unknown');
  const { code: late } = sessions.createCode();
  pass(5 * MINUTE);
  t.throws(() => sessions.exchange(late), invalid, 'expired');
  t.end();
});

void t.test('keeps only the newest codes and sessions', (t) => {
  const { open } = ground(t);
  const sessions = open();
  const first = sessions.createCode();
  const others = Array.from({ length: 20 }, () => sessions.createCode());
  t.throws(() => sessions.exchange(first.code), invalid);
  t.ok(sessions.exchange(others[0]?.code ?? ''));
  const oldest = signIn(open());
  const many = open();
  const newest = Array.from({ length: 50 }, () => signIn(many)).at(-1);
  t.notOk(many.accepts(oldest.token));
  t.ok(many.accepts(newest?.token ?? ''));
  t.end();
});

void t.test('accepts tokens of an earlier daemon, whose file contains no token', (t) => {
  const { path, open } = ground(t);
  const before = open();
  before.remember({ address: '127.0.0.1:8080' });
  before.remember({ socket: true });
  const { id, token } = signIn(before);
  t.equal(statSync(path).mode & 0o777, 0o600);
  const text = readFileSync(path, 'utf8');
  t.notOk(text.includes(token));
  t.ok(text.includes(createHash('sha256').update(token).digest('base64url')));
  const after = open();
  t.ok(after.accepts(token));
  t.ok(after.has(id));
  t.same(after.places, { address: '127.0.0.1:8080', socket: true });
  t.equal(after.prove(id, NONCE, ORIGIN), before.prove(id, NONCE, ORIGIN));
  t.end();
});

void t.test('removes expired and ended sessions, and after the last one also the recorded listeners', (t) => {
  const { pass, open } = ground(t);
  const sessions = open();
  sessions.remember({ address: '127.0.0.1:8080' });
  const [ended, expired] = [signIn(sessions), signIn(sessions)];
  t.ok(sessions.end(ended.token));
  t.notOk(sessions.end(ended.token), 'ended before');
  t.notOk(open().accepts(ended.token));
  pass(7 * DAY - 1);
  t.ok(sessions.accepts(expired.token));
  t.notOk(sessions.isEmpty);
  pass(1);
  t.notOk(sessions.accepts(expired.token));
  t.equal(sessions.prove(expired.id, NONCE, ORIGIN), undefined);
  t.ok(sessions.isEmpty);
  t.same(open().places, { socket: false });
  t.end();
});

void t.test('proves that it created a session, for one nonce and one origin', (t) => {
  const { open } = ground(t);
  const sessions = open();
  const { id, token } = signIn(sessions);
  const key = createHmac('sha256', token).update('nf-escrow server proof').digest('base64url');
  const expected = createHmac('sha256', key).update(`${NONCE}\n${ORIGIN}`).digest('base64url');
  t.equal(sessions.prove(id, NONCE, ORIGIN), expected, 'the page computes the same');
  t.not(sessions.prove(id, NONCE, 'http://127.0.0.1:8081'), expected);
  t.not(sessions.prove(id, `${NONCE}n`, ORIGIN), expected);
  t.equal(sessions.prove(token, NONCE, ORIGIN), undefined, 'a token is no id');
  t.notOk(sessions.accepts(id), 'an id is not a token');
  t.end();
});

void t.test('ignores a file that is damaged or that others can change', (t) => {
  const { path, open } = ground(t);
  const sessions = open();
  sessions.remember({ address: '127.0.0.1:8080' });
  const { token } = signIn(sessions);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, `${text}session x\naddress 192.0.2.1:80\n\0${'x'.repeat(100)}`);
  t.ok(open().accepts(token), 'valid lines remain');
  t.equal(open().places.address, '127.0.0.1:8080');
  writeFileSync(path, text.replace('127.0.0.1:8080', '192.0.2.1:8080'));
  t.equal(open().places.address, undefined, 'another address than loopback');
  chmodSync(path, 0o666);
  t.notOk(open().accepts(token));
  t.ok(existsSync(path));
  t.end();
});
