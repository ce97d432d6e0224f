import { readFileSync } from 'node:fs';
import type { Request, RequestHandler, Response } from 'express';
import { packageFile } from '../../package-files.ts';
import { asEscrowError, type EscrowError } from '../../errors.ts';
import { problemOf } from '../../api/problem.ts';
import { concealDetails } from '../conceal-details.ts';

/** The files of the pages with which people sign in, by path. The page of the server can serve these paths instead. */
const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/sign-in': ['sign-in.html', 'text/html; charset=utf-8'],
  '/invitation': ['invitation.html', 'text/html; charset=utf-8'],
  '/device': ['device.html', 'text/html; charset=utf-8'],
  '/sign-in/script.js': ['script.js', 'text/javascript; charset=utf-8'],
  '/sign-in/style.css': ['style.css', 'text/css; charset=utf-8'],
};

/** Completes a sign-in of the identity provider. Returns where the browser continues. */
export type CompleteSignIn = (request: Request, response: Response) => Promise<string>;

/** What the pages need. */
interface Options {
  /** Origin of the public URL. */
  readonly origin: string;
  /** Undefined without an identity provider. */
  readonly complete: CompleteSignIn | undefined;
  /** Reports an error of a sign-in. */
  readonly onFailure: (error: EscrowError, request: Request) => Promise<void>;
}

/**
 * Serves the pages with which people sign in. They contain no data: a GET request of one changes nothing, so that programs that open
 * links in messages consume none. The secret of a link is in its fragment, which browsers do not send.
 */
export function signInPages({ origin, complete, onFailure }: Options): RequestHandler {
  const files = new Map<string, Buffer>();
  const policy = policyOf(origin);
  return async (request, response, next) => {
    const { method, path } = request;
    const entry = Object.hasOwn(FILES, path) ? FILES[path] : undefined;
    if ((method !== 'GET' && method !== 'HEAD') || (entry === undefined && path !== '/sign-in/callback')) {
      next();
      return;
    }
    response.set({ 'content-security-policy': policy, 'permissions-policy': PERMISSIONS });
    if (entry !== undefined) {
      const [file, type] = entry;
      const found = files.get(file) ?? readFileSync(packageFile(`templates/server/sign-in/${file}`));
      files.set(file, found);
      response.status(200).set('content-type', type).end(found);
      return;
    }
    if (complete === undefined || method === 'HEAD') {
      next();
      return;
    }
    try {
      response.redirect(303, await complete(request, response));
    } catch (thrown) {
      const error = asEscrowError(thrown);
      await onFailure(error, request);
      response
        .status(error.row.http)
        .type('html')
        .send(errorPage(concealDetails(error) ?? error));
    }
  };
}

/** Only the script and the style sheet of the pages, by their whole address: no response of the API is a script. */
function policyOf(origin: string): string {
  return [
    "default-src 'none'",
    `script-src ${origin}/sign-in/script.js`,
    `style-src ${origin}/sign-in/style.css`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
}

const PERMISSIONS = ['camera', 'geolocation', 'microphone', 'payment', 'usb']
  .map((feature) => `${feature}=()`)
  .join(', ');

/** Without a script, because what it shows comes from the error only. */
function errorPage(error: EscrowError): string {
  const { title, detail, hint } = problemOf(error);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escape(title)} · nf-escrow</title><link rel="stylesheet" href="/sign-in/style.css"></head>
<body><main><h1>${escape(title)}</h1><p>${escape(detail)}</p><p>${escape(hint)}</p><p><a href="/sign-in">Sign in again</a></p></main></body>
</html>
`;
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${String(character.codePointAt(0))};`);
}
