import type { Logger } from 'pino';
import type { ReadinessWarning } from '../../contract/types.ts';
import { asEscrowError, EscrowError } from '../../errors.ts';
import type { TlsFiles } from '../configuration/server-settings.ts';
import { loadCertificate, type Certificate } from './certificate.ts';

const DAY_MS = 24 * 3600 * 1000;
/** Days before the expiry on which a warning is logged. From the first of these days on, `/v1/ready` contains a warning too. */
const WARNING_DAYS = [30, 7, 1] as const;
const CHECK_MS = 10_000;

/** What a watch needs. */
export interface CertificateWatchOptions {
  readonly files: TlsFiles;
  /** The host of the public URL. */
  readonly host: string;
  /** Uses a certificate for new connections. */
  readonly onChange: (certificate: Certificate) => void;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly checkMs?: number;
  readonly clock?: () => Date;
}

/**
 * The certificate of the server, which is read again when its files change. Compares the content instead of watching the files:
 * tools that renew certificates replace links and directories in different ways, and two small files are read quickly. If the new
 * files cannot be used, the server keeps the old certificate.
 */
export class CertificateWatch {
  readonly #options: CertificateWatchOptions;
  #current: Certificate;
  #timer: NodeJS.Timeout | undefined;
  #problem: string | undefined;
  /** Days of the last warning in the log. */
  #warnedDays = Number.POSITIVE_INFINITY;

  /** Loads the certificate. Throws `certificate-unusable`, `permissions-too-open`. */
  constructor(options: CertificateWatchOptions) {
    this.#options = options;
    this.#current = loadCertificate(options.files);
  }

  get current(): Certificate {
    return this.#current;
  }

  start(): void {
    this.#warn();
    this.#timer = setInterval(() => {
      this.check();
    }, this.#options.checkMs ?? CHECK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Reads the files, and uses them if they have changed. If that is not possible, logs each reason once. */
  check(): void {
    const { files, onChange, log } = this.#options;
    try {
      const found = loadCertificate(files);
      if (!isSame(found, this.#current)) {
        this.#assertValid(found);
        onChange(found);
        this.#current = found;
        this.#warnedDays = Number.POSITIVE_INFINITY;
        log.info({ expiresAt: found.expiresAt.toISOString() }, 'loaded the changed certificate');
      }
      this.#problem = undefined;
    } catch (error) {
      const { code, message } = asEscrowError(error);
      if (message !== this.#problem) log.warn({ code, reason: message }, 'keeping the previous certificate');
      this.#problem = message;
    }
    this.#warn();
  }

  /** Returns the conditions that need attention. */
  get warnings(): ReadinessWarning[] {
    const days = this.#daysLeft();
    const isNear = days <= WARNING_DAYS[0];
    return [
      ...(days <= 0 ? ['certificate-expired' as const] : isNear ? ['certificate-expires-soon' as const] : []),
      ...(this.#current.isFor(this.#options.host) ? [] : ['certificate-wrong-host' as const]),
    ];
  }

  /** An expired certificate would replace one that may still work. */
  #assertValid({ expiresAt }: Certificate): void {
    if (expiresAt > this.#now()) return;
    throw new EscrowError(
      'certificate-unusable',
      `Cannot use the certificate "${this.#options.files.certificateFile}": it expired at ${expiresAt.toISOString()}.`,
    );
  }

  #warn(): void {
    const days = this.#daysLeft();
    const reached = [...WARNING_DAYS, 0].filter((limit) => days <= limit).at(-1);
    if (reached === undefined || reached >= this.#warnedDays) return;
    this.#warnedDays = reached;
    const { log, files } = this.#options;
    const expiresAt = this.#current.expiresAt.toISOString();
    log.warn(
      { certificate: files.certificateFile, expiresAt },
      days <= 0 ? 'the certificate has expired' : 'the certificate expires soon',
    );
  }

  #daysLeft(): number {
    return (this.#current.expiresAt.getTime() - this.#now().getTime()) / DAY_MS;
  }

  #now(): Date {
    return this.#options.clock?.() ?? new Date();
  }
}

function isSame(one: Certificate, other: Certificate): boolean {
  const isEqual = (a: Buffer | undefined, b: Buffer | undefined): boolean =>
    a === undefined || b === undefined ? a === b : a.equals(b);
  return isEqual(one.cert, other.cert) && isEqual(one.key, other.key) && isEqual(one.ca, other.ca);
}
