import { EscrowError } from '../errors.ts';
import type { Method } from './client.ts';

/** What a route may carry through the spool: a body as its schema says, or no body at all. */
type Carries = 'body' | 'no body';

/**
 * The requests that may travel as files. A route that is not listed does not: secret values, passphrases, credentials and
 * tokens must never be in a file, not even for a moment, and a new route is listed only once that is certain of its body
 * and its answer. `runs purge` and `runs receipt --check` take AWS credentials in a body, so theirs stays out.
 */
export const spoolRoutes: Readonly<Record<string, Carries>> = {
  'GET /v1/health': 'no body',
  'GET /v1/daemon': 'no body',
  'POST /v1/daemon/stop': 'no body',
  'POST /v1/runs': 'body',
  'GET /v1/runs': 'no body',
  'POST /v1/runs/prune': 'body',
  'GET /v1/runs/{id}': 'no body',
  'GET /v1/runs/{id}/tasks': 'no body',
  'GET /v1/runs/{id}/receipt': 'no body',
  'POST /v1/runs/{id}/receipt': 'no body',
  'POST /v1/runs/{id}/submit': 'body',
  'POST /v1/runs/{id}/cancel': 'no body',
  'POST /v1/runs/{id}/purge': 'no body',
  'GET /v1/exposures': 'no body',
  'GET /v1/organizations': 'no body',
  'POST /v1/organizations': 'body',
  'GET /v1/organizations/{name}': 'no body',
  'DELETE /v1/organizations/{name}': 'no body',
  'GET /v1/workspaces': 'no body',
  'POST /v1/workspaces': 'body',
  'GET /v1/workspaces/{organization}/{workspace}': 'no body',
  'DELETE /v1/workspaces/{organization}/{workspace}': 'no body',
  'GET /v1/workspaces/{organization}/{workspace}/members': 'no body',
  'GET /v1/workspaces/{organization}/{workspace}/secrets': 'no body',
  'DELETE /v1/workspaces/{organization}/{workspace}/secrets/{name}': 'no body',
  'GET /v1/user/secrets': 'no body',
  'DELETE /v1/user/secrets/{name}': 'no body',
  'GET /v1/compute-envs': 'no body',
  'POST /v1/compute-envs': 'body',
  'GET /v1/compute-envs/{name}': 'no body',
  'PATCH /v1/compute-envs/{name}': 'body',
  'DELETE /v1/compute-envs/{name}': 'no body',
  'POST /v1/compute-envs/{name}/check': 'no body',
  'POST /v1/compute-envs/{name}/probe': 'body',
  'POST /v1/compute-envs/{name}/sweep': 'no body',
  'GET /v1/vault': 'no body',
  'GET /v1/audit': 'no body',
};

const patterns: readonly (readonly [RegExp, Carries])[] = Object.entries(spoolRoutes).map(
  ([route, carries]) => [
    new RegExp(`^${route.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/?#]+')}(?:\\?[^#]*)?$`),
    carries,
  ],
);

/**
 * Throws `daemon-on-other-host` for a request that may not travel as a file; `host` is where the daemon is, and the command
 * has to be run. The command's side asks before it writes anything, the daemon's side before it carries anything out.
 */
export function assertTravels(method: Method, path: string, body: unknown, host: string): void {
  const found = patterns.find(([pattern]) => pattern.test(`${method} ${path}`));
  if (found?.[1] === 'body' || (found !== undefined && body === undefined)) return;
  throw new EscrowError(
    'daemon-on-other-host',
    `Cannot send this request to the daemon on ${host}: ${method} ${path.replace(/\?.*$/s, '')}: it may carry secret values or credentials, and requests to another host travel as files.`,
    { hint: `Run the command on ${host}.` },
  );
}
