import type { ServerConfiguration } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';

/** The identity provider of a server. */
export interface OidcSettings {
  readonly issuer: URL;
  readonly clientId: string;
  /** Undefined: a public client, which PKCE protects. */
  readonly clientSecretFile: string | undefined;
  readonly caFile: string | undefined;
  /** In lower case. */
  readonly allowedDomains: readonly string[];
}

const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/;

/** Reads the settings of the identity provider. Throws `config-invalid`. */
export function readOidcSettings(oidc: ServerConfiguration['oidc'], place: string): OidcSettings | undefined {
  if (oidc === undefined) return undefined;
  const { issuer: text, clientId, clientSecretFile, caFile, allowedDomains = [] } = oidc;
  if (text === undefined || clientId === undefined)
    throw invalid(place, 'oidc needs issuer and clientId', 'Set both, or remove oidc.');
  const issuer = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain =
    issuer !== undefined && issuer.username + issuer.password + issuer.search + issuer.hash === '';
  if (!isPlain || issuer.protocol !== 'https:')
    throw invalid(
      place,
      'oidc.issuer must be https:// and a host',
      'Set oidc.issuer to the issuer in the description of the provider, such as https://id.example.org.',
    );
  const domains = allowedDomains.map((domain) => domain.toLowerCase());
  if (domains.some((domain) => !DOMAIN.test(domain)))
    throw invalid(
      place,
      'oidc.allowedDomains must be domains',
      'Use domains without a star, such as example.org.',
    );
  return Object.freeze({
    issuer,
    clientId,
    clientSecretFile,
    caFile,
    allowedDomains: Object.freeze(domains),
  });
}

function invalid(place: string, why: string, hint: string): EscrowError {
  return new EscrowError('config-invalid', `Invalid configuration in ${place}: ${why}.`, { hint });
}
