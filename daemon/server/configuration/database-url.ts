import { EscrowError } from '../../errors.ts';
import { readSecretText } from '../../system/files/secret-file.ts';
import type { Purpose } from '../../system/files/trust/trust-error.ts';
import type { Environment } from './read-server-configuration.ts';

const FILE: Purpose = { what: 'database URL file', variable: 'database.urlFile', example: 'database-url' };

/** Where a database URL can come from. */
interface Sources {
  /** `--database-url`, which every user of the machine can read. */
  readonly option: string | undefined;
  readonly env: Environment;
  readonly file: string | undefined;
}

/**
 * Returns the URL of the database: from the command line, else from `DATABASE_URL`, else from a file. Undefined: SQLite. Refuses a
 * password on the command line. Throws `usage`, `config-invalid`, `permissions-too-open`. Messages never quote the URL.
 */
export function findDatabaseUrl({ option, env, file }: Sources): string | undefined {
  if (option !== undefined) {
    const url = parse(option, '--database-url');
    if (hasPassword(url))
      throw new EscrowError(
        'usage',
        'Cannot use --database-url: it contains a password, which every user of this machine can read.',
        { hint: 'Set DATABASE_URL, or write the URL to a file and set database.urlFile.' },
      );
    return option;
  }
  const variable = env['DATABASE_URL'] || undefined;
  const text = variable ?? (file === undefined ? undefined : readSecretText(file, FILE));
  if (text !== undefined) parse(text, variable === undefined ? 'database.urlFile' : 'DATABASE_URL');
  return text;
}

function parse(text: string, place: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && ['postgres:', 'postgresql:'].includes(url.protocol)) return url;
  throw new EscrowError(
    'config-invalid',
    `Cannot use the database URL in ${place}: it is no URL of PostgreSQL.`,
    {
      hint: 'Use postgresql://USER@HOST/DATABASE, or postgresql:///DATABASE?host=DIRECTORY for a Unix socket.',
    },
  );
}

/** libpq also reads a password from the parameters of a URL. */
function hasPassword({ password, searchParams }: URL): boolean {
  return password !== '' || [...searchParams.keys()].some((key) => /pass/i.test(key));
}
