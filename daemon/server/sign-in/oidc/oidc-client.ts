import { createHmac } from 'node:crypto';
import type { Request, Response } from 'express';
import * as oidc from 'openid-client';
import { normalizeAddress } from '../../../access/sign-in/mail-address.ts';
import { createSecretText, isSecretText } from '../../../access/sign-in/one-time-secret.ts';
import type { ProvenIdentity } from '../../../access/sign-in/user-sessions.ts';
import { clearCookie, readCookie, setCookie } from '../../../api/listeners/session-cookie.ts';
import type { IdentityProvider } from '../../../api/sign-in.ts';
import type { SignInStart } from '../../../contract/types.ts';
import type { OidcSettings } from '../../configuration/oidc-settings.ts';
import { ProviderConfiguration, TOLERANCE_SECONDS } from './provider-configuration.ts';
import { failed, signInFailure } from './sign-in-failure.ts';

/** The secret of a sign-in that has started in this browser, and what follows it. */
const COOKIE = '__Host-nf-escrow-sign-in';
const SIGN_IN_SECONDS = 600;
const COOKIE_FORM = /^([\w-]{43})\.(sign-in|device|invitation)\.(recent|any)$/;
/** Age of a proof that the provider was asked for: people also read what the provider shows after it. */
const RECENT_SECONDS = 300;

/** What a provider has confirmed. */
interface ConfirmedPerson {
  readonly identity: ProvenIdentity;
  /** When the person proved who they are (ISO 8601); null if the provider does not say. */
  readonly authenticatedAt: string | null;
  readonly returnTo: NonNullable<SignInStart['returnTo']>;
}

/**
 * Signs people in with an identity provider: OpenID Connect, authorization code with PKCE. State, nonce and code verifier are derived
 * from one secret, which only the browser has, so that any replica can complete a sign-in and nothing is stored.
 */
export class OidcClient implements IdentityProvider {
  readonly host: string;
  readonly #configuration: ProviderConfiguration;
  readonly #callback: string;

  /** `origin`: that of the public URL. */
  constructor(settings: OidcSettings, origin: string) {
    this.host = settings.issuer.host;
    this.#configuration = new ProviderConfiguration(settings);
    this.#callback = `${origin}/sign-in/callback`;
  }

  /** Throws `config-invalid`, `permissions-too-open` if a file of the settings cannot be used. */
  assertUsable(): void {
    this.#configuration.assertUsable();
  }

  async start(response: Response, { returnTo = 'sign-in', recent = false }: SignInStart): Promise<string> {
    const secret = createSecretText();
    const { state, nonce, verifier } = derive(secret);
    const config = await this.#configuration.read();
    const address = oidc.buildAuthorizationUrl(config, {
      ...{ redirect_uri: this.#callback, scope: 'openid email', response_type: 'code', state, nonce },
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(recent ? { prompt: 'login', max_age: '0' } : {}),
    });
    setCookie(response, COOKIE, `${secret}.${returnTo}.${recent ? 'recent' : 'any'}`, SIGN_IN_SECONDS);
    return address.href;
  }

  /** Completes a sign-in that was started in the same browser. Throws `sign-in-failed`, `identity-provider-unavailable`. */
  async finish(request: Request, response: Response): Promise<ConfirmedPerson> {
    const [, secret, returnTo, kind] = COOKIE_FORM.exec(readCookie(request, COOKIE) ?? '') ?? [];
    clearCookie(response, COOKIE);
    if (secret === undefined || !isSecretText(secret))
      throw failed('the sign-in was not started in this browser, or was started more than 10 minutes ago');
    const { state, nonce, verifier } = derive(secret);
    const address = new URL(request.originalUrl, this.#callback);
    if (address.searchParams.get('state') !== state)
      throw failed('the response belongs to another sign-in (state)');
    try {
      const config = await this.#configuration.read();
      const tokens = await oidc.authorizationCodeGrant(config, address, {
        ...{ pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
        ...(kind === 'recent' ? { maxAge: RECENT_SECONDS } : {}),
      });
      const claims = tokens.claims();
      if (claims === undefined) throw failed('the identity provider has sent no ID token');
      assertNotFromFuture(claims.iat);
      const email = await emailOf(config, tokens.access_token, claims);
      const { iss: issuer, sub: subject, auth_time: time } = claims;
      return {
        identity: { issuer, subject, email },
        authenticatedAt:
          time === undefined ? null : new Date(Math.min(time * 1000, Date.now())).toISOString(),
        returnTo: returnTo as ConfirmedPerson['returnTo'],
      };
    } catch (error) {
      throw signInFailure(error);
    }
  }
}

interface Derived {
  readonly state: string;
  readonly nonce: string;
  /** 43 characters, as RFC 7636, section 4.1, requires. */
  readonly verifier: string;
}

function derive(secret: string): Derived {
  const part = (label: string): string => createHmac('sha256', secret).update(label).digest('base64url');
  return { state: part('state'), nonce: part('nonce'), verifier: part('verifier') };
}

/** The library checks only that a token has not expired. */
function assertNotFromFuture(issuedAt: number): void {
  if (issuedAt <= Date.now() / 1000 + TOLERANCE_SECONDS) return;
  throw failed(
    'the ID token of the identity provider is from the future: the clocks of the server and of the provider differ',
  );
}

/** Returns the address that the provider has verified. Some providers send it in the ID token, others only on request. */
async function emailOf(
  config: oidc.Configuration,
  accessToken: string,
  claims: oidc.IDToken,
): Promise<string | null> {
  const hasEndpoint = config.serverMetadata().userinfo_endpoint !== undefined;
  const { email, email_verified: isVerified } =
    claims['email'] === undefined && hasEndpoint
      ? await oidc.fetchUserInfo(config, accessToken, claims.sub)
      : claims;
  return isVerified === true && typeof email === 'string' ? (normalizeAddress(email) ?? null) : null;
}
