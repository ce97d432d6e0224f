/** The second place of the routes: clients of an enterprise installation expect them there. */
export const API_PREFIX = '/api';

const PATH = /^\/(?:api|pipeline-secrets|user-info|user\/[^/]*\/workspaces|service-info)(?:\/|$)/i;

/** Returns whether a path belongs to the API of Seqera Platform, also if there is no route. */
export function isPlatformPath(path: string): boolean {
  return PATH.test(path);
}
