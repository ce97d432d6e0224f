import type { Request, RequestHandler, Response } from 'express';
import { readPageFiles, type PageFile, type PageFiles } from './page-files.ts';

/**
 * Serves the files of the web page, which are public. Loads them at the first request. They come before the checks of
 * web pages, because a link or a redirect file may open the page.
 */
export function servePage(
  read: () => PageFiles | undefined = () => readPageFiles('dist/page'),
): RequestHandler {
  let page: PageFiles | undefined;
  return (request, response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      next();
      return;
    }
    page ??= read();
    const file = page?.files.get(request.path);
    if (page === undefined || file === undefined) {
      next();
      return;
    }
    response.set({
      'content-security-policy': page.policy,
      'permissions-policy': PERMISSIONS,
      'cache-control': file.cache,
      vary: 'accept-encoding',
      etag: `"${file.etag}"`,
    });
    send(request, response, file);
  };
}

/** Features of browsers that the page does not use. */
const PERMISSIONS = ['camera', 'geolocation', 'microphone', 'payment', 'usb']
  .map((feature) => `${feature}=()`)
  .join(', ');

function send(request: Request, response: Response, { type, etag, ...bodies }: PageFile): void {
  if (request.headers['if-none-match'] === `"${etag}"`) {
    response.status(304).end();
    return;
  }
  // The smallest encoding, regardless of the order in which the browser lists them.
  const encoding = (['br', 'gzip'] as const).find((one) => request.acceptsEncodings().includes(one));
  if (encoding !== undefined) response.set('content-encoding', encoding);
  const body = bodies[encoding ?? 'plain'];
  response.status(200).set({ 'content-type': type, 'content-length': String(body.length) });
  response.end(request.method === 'HEAD' ? undefined : body);
}
