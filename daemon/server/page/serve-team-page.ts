import type { RequestHandler } from 'express';
import { readPageFiles, type PageFiles } from '../../api/page/page-files.ts';
import { servePage } from '../../api/page/serve-page.ts';

/**
 * Serves the page of a team server to everybody: it contains no data. It opens the sign-in page unless the browser has a session.
 * `origin`: that of the public URL.
 */
export function serveTeamPage(origin: string): RequestHandler {
  return servePage(() => {
    const page = readPageFiles('dist/team-page');
    return page === undefined ? undefined : restrict(page, origin);
  });
}

/**
 * Permits the scripts and the style sheet of the page by their whole address: no response of the API is a script. Browsers do not keep
 * the page, so that the back button does not show it after the sign-out.
 */
function restrict({ policy, files }: PageFiles, origin: string): PageFiles {
  const addresses = (type: string): string =>
    [...files]
      .filter(([, file]) => file.type.startsWith(type))
      .map(([path]) => `${origin}${path}`)
      .join(' ');
  const restricted = policy
    .replace("script-src 'self'", `script-src ${addresses('text/javascript')}`)
    .replace("style-src 'self'", `style-src ${addresses('text/css')}`);
  const cache = (path: string, usual: string): string => (path === '/' ? 'no-store' : usual);
  return {
    policy: restricted,
    files: new Map([...files].map(([path, file]) => [path, { ...file, cache: cache(path, file.cache) }])),
  };
}
