import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a certificate is for. */
export interface Issued {
  /** Names of hosts and addresses, such as `DNS:localhost,IP:127.0.0.1`. */
  readonly names?: string;
  /** Times from now, in days. A negative end: expired. */
  readonly from?: number;
  readonly until?: number;
  /** Whether it certifies a client. */
  readonly isClient?: boolean;
}

/** A certificate and its key. */
export interface Pair {
  readonly certificateFile: string;
  readonly keyFile: string;
}

const NAMES = 'DNS:localhost,IP:127.0.0.1,IP:::1';
const DAY_MS = 24 * 3600 * 1000;

/** A certificate authority of a test, made with openssl. */
export class Authority {
  readonly caFile: string;
  readonly #directory: string;
  readonly #keyFile: string;
  #count = 0;

  constructor(directory: string, name = 'ca') {
    this.#directory = join(directory, name);
    mkdirSync(this.#directory, { mode: 0o700 });
    this.caFile = join(this.#directory, 'ca.crt');
    this.#keyFile = join(this.#directory, 'ca.key');
    openssl([
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650'],
      ...['-subj', `/CN=nf-escrow test authority ${name}`],
      ...['-keyout', this.#keyFile, '-out', this.caFile],
    ]);
    // The database of `openssl ca`, the only subcommand that accepts any time of validity in OpenSSL 3.0.
    writeFileSync(join(this.#directory, 'index.txt'), '');
  }

  issue({ names = NAMES, from = -1, until = 365, isClient = false }: Issued = {}): Pair {
    const base = join(this.#directory, `c${String((this.#count += 1))}`);
    const [keyFile, request, certificateFile, config] = ['key', 'csr', 'crt', 'cnf'].map(
      (end) => `${base}.${end}`,
    ) as [string, string, string, string];
    writeFileSync(
      config,
      [
        ...['[ca]', 'default_ca=own', '[own]', `database=${join(this.#directory, 'index.txt')}`],
        ...[`new_certs_dir=${this.#directory}`, 'rand_serial=yes', 'default_md=sha256', 'policy=any'],
        ...[
          'unique_subject=no',
          'x509_extensions=extensions',
          '[any]',
          'commonName=supplied',
          '[extensions]',
        ],
        ...['basicConstraints=CA:FALSE', `subjectAltName=${names}`],
        `extendedKeyUsage=${isClient ? 'clientAuth' : 'serverAuth'}`,
      ].join('\n'),
    );
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    openssl(['req', '-new', ...curve, '-nodes', '-subj', '/CN=test', '-keyout', keyFile, '-out', request]);
    const times = ['-startdate', timeAfter(from), '-enddate', timeAfter(until)];
    const ca = ['-cert', this.caFile, '-keyfile', this.#keyFile];
    openssl([
      'ca',
      '-batch',
      '-notext',
      '-config',
      config,
      ...ca,
      ...times,
      '-in',
      request,
      '-out',
      certificateFile,
    ]);
    chmodSync(keyFile, 0o600);
    return { certificateFile, keyFile };
  }
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}

/** As openssl expects it: `20300101000000Z`. */
function timeAfter(days: number): string {
  const time = new Date(Date.now() + days * DAY_MS).toISOString();
  return `${time.replaceAll(/[-:T]|\..*$/g, '')}Z`;
}
