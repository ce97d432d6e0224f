import { EscrowError } from '../../errors.ts';
import { connectionSettings } from '../../ledger/postgres/connection-settings.ts';
import { readSecretText } from '../../system/files/secret-file.ts';
import type { Purpose } from '../../system/files/trust/trust-error.ts';
import type { Environment } from './read-server-configuration.ts';

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
    if (hasPassword(option))
      throw new EscrowError(
        'usage',
        'Cannot use --database-url: it contains a password, which every user of this machine can read.',
        { hint: 'Set DATABASE_URL, or write the URL to a file and set database.urlFile.' },
      );
    return checked(option, '--database-url');
  }
  const variable = env['DATABASE_URL'] || undefined;
  return variable === undefined
    ? readDatabaseUrl(file, 'database.urlFile')
    : checked(variable, 'DATABASE_URL');
}

/** Returns the URL in a file, if one is named. `setting` names the file. Throws `config-invalid`, `permissions-too-open`. */
export function readDatabaseUrl(file: string | undefined, setting: string): string | undefined {
  if (file === undefined) return undefined;
  const purpose: Purpose = { what: 'database URL file', variable: setting, example: 'database-url' };
  return checked(readSecretText(file, purpose), setting);
}

function checked(text: string, place: string): string {
  try {
    connectionSettings(text);
    return text;
  } catch (error) {
    if (!(error instanceof EscrowError)) throw error;
    const { code, message, hint } = error;
    throw new EscrowError(code, `Invalid database URL in ${place}: ${message}`, { hint });
  }
}

/** libpq also reads a password from the parameters of a URL. */
function hasPassword(text: string): boolean {
  return /^[^:]*:\/\/[^@/?#]*:[^@/?#]*@/.test(text) || /[?&][^=&]*pass[^=&]*=/i.test(text);
}
