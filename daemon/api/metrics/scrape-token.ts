import { asEscrowError } from '../../errors.ts';
import { readPrivateText } from '../../system/files/private-text.ts';

/** How long the daemon uses a token that it has read, so that a flood of requests does not cause as many reads. */
const KEEP_MS = 1000;
const TOKEN = /^[\x21-\x7e]{32,200}$/;
const FILE = {
  what: 'file of the scrape token',
  variable: 'NF_ESCROW_METRICS_TOKEN_FILE',
  example: '.config/nf-escrow/scrape.token',
};

/**
 * Returns a function that returns the scrape token: the content of a file that only the user can access. A new content takes
 * effect within a second. Returns undefined, and reports why, while the file cannot be used.
 */
export function scrapeToken(
  path: string | undefined,
  onProblem: (reason: string) => void,
): () => string | undefined {
  let [token, readAt, problem]: [string | undefined, number, string] = [undefined, -Infinity, ''];
  const report = (reason: string): void => {
    if (reason !== problem && reason !== '') onProblem(reason);
    problem = reason;
  };
  return () => {
    if (path === undefined || performance.now() - readAt < KEEP_MS) return token;
    readAt = performance.now();
    try {
      const text = readPrivateText(path, FILE);
      token = TOKEN.test(text) ? text : undefined;
      report(token === undefined ? `"${path}" does not contain 32 to 200 printable characters.` : '');
    } catch (error) {
      token = undefined;
      report(asEscrowError(error).message);
    }
    return token;
  };
}
