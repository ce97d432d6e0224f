import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** A year, as browsers require for their preload lists. Not for subdomains: other hosts of the domain may not use HTTPS. */
const HTTPS_ONLY = { maxAge: 365 * 24 * 3600, includeSubDomains: false };

/**
 * Returns a handler that sets the security headers of every response. They keep responses out of other pages and out of caches.
 * Responses of the API are data, so nothing in them may load. `isEncrypted`: whether clients use HTTPS.
 */
export function responseHeaders({ isEncrypted }: { readonly isEncrypted: boolean }): RequestHandler {
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
    strictTransportSecurity: isEncrypted ? HTTPS_ONLY : false,
  });
  return (request, response, next) => {
    response.set('cache-control', 'no-store');
    protect(request, response, next);
  };
}
