import { AsyncLocalStorage } from 'node:async_hooks';

/** Where a request to a team server comes from. The audit log records it. */
export interface RequestOrigin {
  /** Id of the request. The response has it in the header X-Request-Id. */
  readonly request: string;
  /** Address of the client; null if it is not known. */
  readonly address: string | null;
  /** Id of the token of the request; null without one. */
  token: string | null;
  /** Id of the session of the request; null without one. */
  session: string | null;
}

/** The origin of the request that is being handled, so that every event that a request causes has it. Undefined on a daemon. */
export const requestOrigin = new AsyncLocalStorage<RequestOrigin>();
