import type { Logger } from 'pino';
import type { Readiness as Ready, ReadinessWarning } from '../../contract/types.ts';
import { asEscrowError, EscrowError } from '../../errors.ts';
import { withinLimit } from '../../system/time/within-limit.ts';

/** Time for the ledger to answer. */
const LIMIT_MS = 2000;
/** Requests in this time share an answer: they need no token, and each would query the ledger. */
const SHARED_MS = 1000;

/** What readiness depends on. */
export interface ReadinessOptions {
  /** Throws `not-ready` if the ledger must no longer be used, without a query. */
  readonly assertUsable: () => void;
  /** Rejects if the ledger cannot be used. */
  readonly checkLedger: () => Promise<unknown>;
  /** Rejects if values cannot be encrypted and decrypted. */
  readonly checkVault: () => Promise<unknown>;
  /** Conditions that need attention but do not prevent requests. */
  readonly warnings: () => Promise<readonly ReadinessWarning[]>;
}

/** Whether the server can serve requests. Load balancers send requests only to servers that are ready. */
export class Readiness {
  readonly #log: Pick<Logger, 'info' | 'warn'>;
  /** Undefined while the ledger is opened and migrated. */
  #options: ReadinessOptions | undefined;
  #isDraining = false;
  #last: { readonly at: number; readonly fault: Promise<EscrowError | undefined> } | undefined;
  #logged: string | undefined;

  constructor(log: Pick<Logger, 'info' | 'warn'>) {
    this.#log = log;
  }

  /** Starts to answer according to the ledger and the vault. */
  open(options: ReadinessOptions): void {
    this.#options = options;
  }

  /** From now on the server is not ready, because it shuts down. */
  drain(): void {
    this.#isDraining = true;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Throws `not-ready`, without a reason, if the server must no longer use the ledger. */
  assertUsable(): void {
    const fault = this.#options === undefined ? undefined : whyUnusable(this.#options.assertUsable);
    if (fault !== undefined) throw withoutReason();
  }

  /** Returns what a caller may know. `isKnown`: whether the caller has a token. Throws `not-ready`. */
  async check(isKnown: boolean): Promise<Ready> {
    const fault = await this.#fault();
    if (fault !== undefined) throw isKnown ? fault : withoutReason();
    const warnings = isKnown ? await this.#options?.warnings() : undefined;
    return { status: 'ready', ...(warnings === undefined ? {} : { warnings: [...warnings] }) };
  }

  async #fault(): Promise<EscrowError | undefined> {
    if (this.#isDraining) return notReady('it is shutting down');
    const options = this.#options;
    if (options === undefined) return notReady('it is opening the ledger');
    const now = performance.now();
    if (this.#last === undefined || now - this.#last.at > SHARED_MS)
      this.#last = { at: now, fault: this.#examine(options) };
    return this.#last.fault;
  }

  async #examine(options: ReadinessOptions): Promise<EscrowError | undefined> {
    const { assertUsable, checkLedger, checkVault } = options;
    const fault =
      whyUnusable(assertUsable) ??
      (await faultOf('the ledger', checkLedger)) ??
      (await faultOf('the key of the vault', checkVault));
    const reason = fault === undefined ? undefined : reasonOf(fault);
    if (reason !== this.#logged) {
      this.#logged = reason;
      if (reason === undefined) this.#log.info('ready again');
      else this.#log.warn({ reason }, 'not ready');
    }
    return fault;
  }
}

function whyUnusable(assertUsable: () => void): EscrowError | undefined {
  try {
    assertUsable();
    return undefined;
  } catch (error) {
    return asEscrowError(error);
  }
}

async function faultOf(what: string, check: () => Promise<unknown>): Promise<EscrowError | undefined> {
  try {
    await withinLimit(LIMIT_MS, check(), () => new EscrowError('not-ready', 'it does not answer in time.'));
    return undefined;
  } catch (error) {
    return notReady(`${what} cannot be used`, error);
  }
}

/** For the log only: the cause names files of the server, or the address of its database. */
function reasonOf({ message, cause }: EscrowError): string {
  return cause === undefined ? message : `${message} ${asEscrowError(cause).message}`;
}

/** What clients without a token may know. */
function withoutReason(): EscrowError {
  return new EscrowError('not-ready', 'The server cannot serve requests at the moment.');
}

function notReady(why: string, cause?: unknown): EscrowError {
  return new EscrowError('not-ready', `The server cannot serve requests: ${why}.`, { cause });
}
