import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Headers that keep responses out of other pages and out of caches. Responses of the API are data, so nothing in them may load. */
const protect = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  xFrameOptions: { action: 'deny' },
  strictTransportSecurity: false, // the connection is not HTTPS
});

/** Sets the security headers of every response. */
export const responseHeaders: RequestHandler = (request, response, next) => {
  response.set('cache-control', 'no-store');
  protect(request, response, next);
};
