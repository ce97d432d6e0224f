import { createHash, createHmac, randomBytes } from 'node:crypto';
import { EscrowError } from '../errors.ts';
import type { Clock } from '../system/time/clock.ts';
import { readSessionFile, writeSessionFile, type Places, type StoredSession } from './session-file.ts';

/** Lifetime of a one-time code. */
const CODE_MS = 5 * 60_000;
/** Lifetime of a session. */
const SESSION_MS = 7 * 24 * 3_600_000;
const CODES_MAX = 20;
const SESSIONS_MAX = 50;
/** Label with which the key of proofs is derived from a token, so that only the page and the daemon know the key. */
const PROOF_LABEL = 'nf-escrow server proof';

/** A new session, as its page receives it. */
export interface NewSession {
  /** Names the session without giving access. */
  readonly id: string;
  readonly token: string;
  readonly expiresAt: Date;
}

/**
 * Sessions of the web page. A page exchanges a one-time code for a token. The daemon stores only a hash of the token, and a key
 * with which it proves to the page that it is the same daemon, even after a restart.
 */
export class Sessions {
  readonly #path: string;
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Expiry on the monotonic clock, by the hash of the code. */
  readonly #codes = new Map<string, number>();
  readonly #sessions: Map<string, StoredSession>;
  #places: Places;

  /** Reads the sessions of earlier daemons from the file. */
  constructor(path: string, clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#path = path;
    this.#clock = clock;
    const { sessions, places } = readSessionFile(path);
    this.#sessions = new Map(sessions.map((one) => [one.id, one]));
    this.#dropExpired();
    this.#places = this.#sessions.size === 0 ? { socket: false } : places;
  }

  /** Where pages with sessions expect the daemon. Empty without sessions. */
  get places(): Places {
    return this.#places;
  }

  /** Whether there is no session and no code, so that no page can send requests. */
  get isEmpty(): boolean {
    this.#dropExpired();
    return this.#sessions.size === 0 && this.#codes.size === 0;
  }

  /** Records where pages reach the daemon, for its next start. */
  remember(places: Partial<Places>): void {
    this.#places = { ...this.#places, ...places };
    this.#write();
  }

  /** Returns a code that can be exchanged once for a session. */
  createCode(): { readonly code: string; readonly expiresAt: Date } {
    this.#dropExpired();
    dropOldest(this.#codes, CODES_MAX - 1);
    const code = randomBytes(32).toString('base64url');
    this.#codes.set(hash(code), this.#clock.monotonic() + CODE_MS);
    return { code, expiresAt: new Date(this.#clock.now() + CODE_MS) };
  }

  /** Invalidates all codes. Links lead to a listener: once it is closed, another user may listen on its port. */
  dropCodes(): void {
    this.#codes.clear();
  }

  /** Exchanges a one-time code for a session. Throws `sign-in-code-invalid`. */
  exchange(code: string): NewSession {
    this.#dropExpired();
    if (!this.#codes.delete(hash(code)))
      throw new EscrowError(
        'sign-in-code-invalid',
        'Cannot sign in: the code is unknown, was used, or has expired.',
      );
    const token = randomBytes(32).toString('base64url');
    const id = randomBytes(16).toString('base64url');
    const expiresAt = this.#clock.now() + SESSION_MS;
    const proofKey = createHmac('sha256', token).update(PROOF_LABEL).digest('base64url');
    dropOldest(this.#sessions, SESSIONS_MAX - 1);
    this.#sessions.set(id, { id, tokenHash: hash(token), proofKey, expiresAt });
    this.#write();
    return { id, token, expiresAt: new Date(expiresAt) };
  }

  /** Whether a session has this id. The id gives no access. */
  has(id: string): boolean {
    this.#dropExpired();
    return this.#sessions.has(id);
  }

  /** Whether a token belongs to a session. Compares hashes, so that the duration reveals nothing about the token. */
  accepts(token: string): boolean {
    return this.#find(token) !== undefined;
  }

  /**
   * Proves that this daemon created the session: returns the HMAC of a nonce and the origin of the page. The proof
   * contains the origin, so it is not valid for a page that another server serves. Undefined without such a session.
   */
  prove(id: string, nonce: string, origin: string): string | undefined {
    this.#dropExpired();
    const session = this.#sessions.get(id);
    if (session === undefined) return undefined;
    return createHmac('sha256', session.proofKey).update(`${nonce}\n${origin}`).digest('base64url');
  }

  /** Ends the session of a token. Returns false if there is none. */
  end(token: string): boolean {
    const session = this.#find(token);
    if (session === undefined) return false;
    this.#sessions.delete(session.id);
    this.#write();
    return true;
  }

  #find(token: string): StoredSession | undefined {
    this.#dropExpired();
    const wanted = hash(token);
    return [...this.#sessions.values()].find(({ tokenHash }) => tokenHash === wanted);
  }

  #dropExpired(): void {
    for (const { id, expiresAt } of this.#sessions.values())
      if (expiresAt <= this.#clock.now()) this.#sessions.delete(id);
    for (const [code, expiry] of this.#codes) if (expiry <= this.#clock.monotonic()) this.#codes.delete(code);
  }

  #write(): void {
    writeSessionFile(this.#path, { sessions: [...this.#sessions.values()], places: this.#places });
  }
}

/** Removes the entries that were added first, so that `kept` remain. */
function dropOldest(entries: Map<string, unknown>, kept: number): void {
  for (const key of entries.keys()) {
    if (entries.size <= kept) return;
    entries.delete(key);
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
