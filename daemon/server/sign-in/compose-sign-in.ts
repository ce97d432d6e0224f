import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { authenticateSession } from '../../access/sign-in/authenticate-session.ts';
import { signInPerson } from '../../access/sign-in/sign-in-person.ts';
import { SESSION_COOKIE, readCookie, setCookie } from '../../api/listeners/session-cookie.ts';
import type { SignIn } from '../../api/sign-in.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { requestOrigin } from '../../ledger/request-origin.ts';
import type { RequestAudit } from '../audit/audit-requests.ts';
import type { ServerSettings } from '../configuration/server-settings.ts';
import type { RequestLimits } from '../limits/request-limits.ts';
import type { AuthenticateSession } from '../listener/authenticate-requests.ts';
import { networkOf } from '../proxies/ip-address.ts';
import type { OidcClient } from './oidc/oidc-client.ts';
import { signInPages, type CompleteSignIn } from './sign-in-pages.ts';

/** What sign-in needs of a server. */
interface Options {
  readonly settings: Pick<ServerSettings, 'publicUrl' | 'sessions' | 'oidc'>;
  readonly ledger: Ledger;
  readonly limits: RequestLimits;
  readonly audit: Pick<RequestAudit, 'noteDenial'>;
  readonly log: Pick<Logger, 'warn'>;
  /** Undefined without an identity provider. */
  readonly provider: OidcClient | undefined;
}

/** The parts of a server with which people sign in. */
interface SignInParts {
  readonly signIn: SignIn;
  readonly pages: RequestHandler;
  readonly authenticateSession: AuthenticateSession;
}

/** Loads the client of the identity provider, if the settings name one. Throws `config-invalid`, `permissions-too-open`. */
export async function openProvider({
  oidc,
  publicUrl,
}: Pick<ServerSettings, 'oidc' | 'publicUrl'>): Promise<OidcClient | undefined> {
  if (oidc === undefined) return undefined;
  const { OidcClient } = await import('./oidc/oidc-client.ts');
  const client = new OidcClient(oidc, publicUrl.origin);
  client.assertUsable();
  return client;
}

/** Composes the parts with which people sign in. */
export function composeSignIn({ settings, ledger, limits, audit, log, provider }: Options): SignInParts {
  const { origin } = settings.publicUrl;
  const { sessions } = settings;
  const network = (): string => networkOf(requestOrigin.getStore()?.address ?? 'unknown');
  const complete: CompleteSignIn | undefined =
    provider === undefined
      ? undefined
      : async (request, response) => {
          await limits.countAnonymous(network(), false);
          const { returnTo, ...person } = await provider.finish(request, response);
          const before = await authenticateSession(
            ledger.db,
            readCookie(request, SESSION_COOKIE) ?? '',
            sessions,
          );
          const confirmed = { ...person, replaces: before?.id };
          const secret = await signInPerson(ledger, confirmed, settings.oidc?.allowedDomains ?? [], sessions);
          setCookie(response, SESSION_COOKIE, secret);
          return `/${returnTo}`;
        };
  return {
    signIn: {
      origin,
      sessions,
      provider,
      delayWrongCode: async () => {
        await sleep(await limits.countWrongToken(network()));
      },
      isOwnNetwork: (address) => networkOf(address) === network(),
    },
    pages: signInPages({
      origin,
      complete,
      onFailure: async (error, request) => {
        const { code, message, cause } = error;
        const more = cause instanceof Error ? { cause: cause.message } : {};
        log.warn({ code, reason: message, ...more }, 'cannot sign a person in');
        await audit.noteDenial(error, request);
      },
    }),
    authenticateSession: (secret) => authenticateSession(ledger.db, secret, sessions),
  };
}
