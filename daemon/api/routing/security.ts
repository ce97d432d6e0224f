import { SESSION_COOKIE } from '../listeners/session-cookie.ts';
import type { Operation } from './operation.ts';

/** The tokens of a TCP listener, for the description of the API. */
export const securitySchemes = {
  userToken: {
    type: 'http',
    scheme: 'bearer',
    description:
      'The token of the TCP listener (`nf-escrow daemon token`), or the token of a session of the web page. Each start of the listener creates a new token.',
  },
  scrapeToken: {
    type: 'http',
    scheme: 'bearer',
    description:
      'The token in the file that the setting `metricsTokenFile` names. It gives access only to the metrics.',
  },
  sessionId: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description:
      '`Session`, a space, and the id of a session of the web page. The id does not give access to data.',
  },
  sessionCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: SESSION_COOKIE,
    description:
      'The session of a person who has signed in to a team server with a browser. Requests that change something also need the header `X-CSRF-Token`, whose value is in the response of `getSession`.',
  },
  releaseCredential: {
    type: 'http',
    scheme: 'bearer',
    description:
      'The credential in the response that created the release. It gives access only to reports on that release.',
  },
};

/** Returns the tokens that an operation accepts, if they differ from those of most operations. */
export function securityOf({ access }: Operation): object {
  if (access === 'public') return { security: [] };
  if (access === 'sign-in') return { security: [{}, { sessionCookie: [] }] };
  if (access === 'session') return { security: [{ sessionId: [] }] };
  if (access === 'release') return { security: [{ releaseCredential: [] }] };
  return access === 'scrape' ? { security: [{ userToken: [] }, { scrapeToken: [] }] } : {};
}
