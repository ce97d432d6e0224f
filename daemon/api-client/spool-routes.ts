import { EscrowError } from '../errors.ts';
import type { Method } from './client.ts';

/** Whether a request through the spool may have a body. */
type Carries = 'body' | 'no body';

/**
 * The requests that may be sent as files. Secret values, passphrases, credentials and tokens must never be written to a
 * file, so a route is listed only if neither its request nor its response can contain them. `runs purge` and
 * `runs receipt --check` can have AWS credentials in their body, so they are allowed only without one.
 */
export const spoolRoutes: Readonly<Record<string, Carries>> = {
  'GET /v1/health': 'no body',
  'GET /v1/daemon': 'no body',
  'POST /v1/daemon/stop': 'no body',
  'POST /v1/runs': 'body',
  'GET /v1/runs': 'no body',
  'GET /v1/run-names': 'no body',
  'POST /v1/runs/prune': 'body',
  'GET /v1/runs/{run}': 'no body',
  'GET /v1/runs/{run}/tasks': 'no body',
  'GET /v1/runs/{run}/progress': 'no body',
  'GET /v1/runs/{run}/uses': 'no body',
  'GET /v1/runs/{run}/receipt': 'no body',
  'POST /v1/runs/{run}/receipt': 'no body',
  'POST /v1/runs/{run}/submit': 'body',
  'POST /v1/runs/{run}/cancel': 'no body',
  'POST /v1/runs/{run}/purge': 'no body',
  'GET /v1/exposures': 'no body',
  'GET /v1/organizations': 'no body',
  'POST /v1/organizations': 'body',
  'GET /v1/organizations/{organization}': 'no body',
  'DELETE /v1/organizations/{organization}': 'no body',
  'GET /v1/workspaces': 'no body',
  'POST /v1/workspaces': 'body',
  'GET /v1/workspaces/{organization}/{workspace}': 'no body',
  'DELETE /v1/workspaces/{organization}/{workspace}': 'no body',
  'GET /v1/workspaces/{organization}/{workspace}/members': 'no body',
  'GET /v1/workspaces/{organization}/{workspace}/secrets': 'no body',
  'GET /v1/workspaces/{organization}/{workspace}/secrets/{secret}': 'no body',
  'DELETE /v1/workspaces/{organization}/{workspace}/secrets/{secret}': 'no body',
  'GET /v1/workspaces/{organization}/{workspace}/secrets/{secret}/holders': 'no body',
  'GET /v1/workspaces/{organization}/{workspace}/secrets/{secret}/uses': 'no body',
  'GET /v1/workspaces/{organization}/{workspace}/secrets/{secret}/history': 'no body',
  'GET /v1/user/secrets': 'no body',
  'GET /v1/user/secrets/{secret}': 'no body',
  'DELETE /v1/user/secrets/{secret}': 'no body',
  'GET /v1/user/secrets/{secret}/holders': 'no body',
  'GET /v1/user/secrets/{secret}/uses': 'no body',
  'GET /v1/user/secrets/{secret}/history': 'no body',
  'GET /v1/secrets': 'no body',
  'GET /v1/compute-envs': 'no body',
  'POST /v1/compute-envs': 'body',
  'GET /v1/compute-envs/{computeEnvironment}': 'no body',
  'PATCH /v1/compute-envs/{computeEnvironment}': 'body',
  'DELETE /v1/compute-envs/{computeEnvironment}': 'no body',
  'GET /v1/compute-envs/{computeEnvironment}/doctor': 'no body',
  'GET /v1/compute-envs/{computeEnvironment}/policies': 'no body',
  'POST /v1/compute-envs/{computeEnvironment}/check': 'no body',
  'POST /v1/compute-envs/{computeEnvironment}/probe': 'body',
  'POST /v1/compute-envs/{computeEnvironment}/sweep': 'no body',
  'GET /v1/vault': 'no body',
  'POST /v1/vault/check': 'no body',
  'GET /v1/audit': 'no body',
};

const patterns: readonly (readonly [RegExp, Carries])[] = Object.entries(spoolRoutes).map(
  ([route, carries]) => [
    new RegExp(`^${route.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/?#]+')}(?:\\?[^#]*)?$`),
    carries,
  ],
);

/**
 * Throws `daemon-on-other-host` for a request that must not be sent as a file. `host` is the daemon's host. The command
 * checks before it writes the request, and the daemon before it executes it.
 */
export function assertTravels(method: Method, path: string, body: unknown, host: string): void {
  const found = patterns.find(([pattern]) => pattern.test(`${method} ${path}`));
  if (found?.[1] === 'body' || (found !== undefined && body === undefined)) return;
  throw new EscrowError(
    'daemon-on-other-host',
    `Cannot send ${method} ${path.replace(/\?.*$/s, '')} to the daemon on ${host}: it may contain secret values or credentials, and requests to another host are written to files.`,
    { hint: `Run the command on ${host}.` },
  );
}
