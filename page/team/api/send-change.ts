import { call } from '../../api/call.ts';
import { refresh } from '../../api/resource.ts';

/** A request that changes something. */
interface Change {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  /** The entity tag of the object that the person has seen. */
  readonly etag?: string;
  /** Beginnings of the keys of the resources that change. */
  readonly changes: readonly string[];
}

/** Sends a request that changes something, and requests what it changes again. Throws `ApiError`. */
export async function sendChange<T = void>({ method, path, body, etag, changes }: Change): Promise<T> {
  const answer = await call<T>(method, path, {
    ...(body === undefined ? {} : { body }),
    ...(etag === undefined ? {} : { headers: { 'if-match': `"${etag}"` } }),
  });
  refresh(...changes);
  return answer;
}

/** Returns a path with encoded names. */
export function pathOf(...names: readonly string[]): string {
  return `v1/${names.map(encodeURIComponent).join('/')}`;
}
