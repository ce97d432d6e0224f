import * as oidc from 'openid-client';
import { EscrowError } from '../../../errors.ts';
import { readSecretText } from '../../../system/files/secret-file.ts';
import { readTrustedFile } from '../../../system/files/trust/trusted-file.ts';
import type { OidcSettings } from '../../configuration/oidc-settings.ts';
import { fetchFromProvider } from './fetch-from-provider.ts';
import { signInFailure } from './sign-in-failure.ts';

/** Time until a changed description of the provider is used. */
const METADATA_MS = 600_000;
/** By which the clocks of the server and of the provider may differ. */
export const TOLERANCE_SECONDS = 60;
const CA_MAX = 1024 * 1024;

/** What the server knows of its identity provider: the settings, and what the provider publishes about itself. */
export class ProviderConfiguration {
  readonly #settings: OidcSettings;
  #metadata: { readonly at: number; readonly found: oidc.ServerMetadata } | undefined;

  constructor(settings: OidcSettings) {
    this.#settings = settings;
  }

  /** Throws `config-invalid`, `permissions-too-open` if a file of the settings cannot be used. */
  assertUsable(): void {
    this.#readAuthorities();
    this.#readSecret();
  }

  /**
   * Returns a configuration without cached keys, so that a key that the provider has just replaced is found. Throws
   * `identity-provider-unavailable`, `config-invalid`, `permissions-too-open`.
   */
  async read(): Promise<oidc.Configuration> {
    const { clientId } = this.#settings;
    const secret = this.#readSecret();
    const fetch = fetchFromProvider(this.#readAuthorities()) as oidc.CustomFetch;
    const metadata = await this.#describe(fetch);
    const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const isBasic = methods.includes('client_secret_basic');
    const config = new oidc.Configuration(
      metadata,
      clientId,
      { [oidc.clockTolerance]: TOLERANCE_SECONDS },
      secret === undefined
        ? oidc.None()
        : isBasic
          ? oidc.ClientSecretBasic(secret)
          : oidc.ClientSecretPost(secret),
    );
    config[oidc.customFetch] = fetch;
    oidc.enableNonRepudiationChecks(config);
    return config;
  }

  /** Reads the description of the provider, which the server can do without for a time. */
  async #describe(fetch: oidc.CustomFetch): Promise<oidc.ServerMetadata> {
    const now = performance.now();
    if (this.#metadata !== undefined && now - this.#metadata.at < METADATA_MS) return this.#metadata.found;
    try {
      const { issuer, clientId } = this.#settings;
      const config = await oidc.discovery(issuer, clientId, undefined, oidc.None(), {
        [oidc.customFetch]: fetch,
      });
      const found = { ...config.serverMetadata() };
      this.#metadata = { at: now, found };
      return found;
    } catch (error) {
      throw signInFailure(error);
    }
  }

  /** Read at each sign-in, so that it can be replaced without a restart. */
  #readSecret(): string | undefined {
    const { clientSecretFile } = this.#settings;
    if (clientSecretFile === undefined) return undefined;
    const purpose = {
      what: 'client secret file',
      variable: 'oidc.clientSecretFile',
      example: 'client-secret',
    };
    return readSecretText(clientSecretFile, purpose);
  }

  #readAuthorities(): Buffer | undefined {
    const { caFile } = this.#settings;
    if (caFile === undefined) return undefined;
    const purpose = { what: 'CA file of the identity provider', variable: 'oidc.caFile', example: 'ca.crt' };
    const found = readTrustedFile(caFile, purpose, CA_MAX);
    if (found !== undefined) return found;
    throw new EscrowError(
      'config-invalid',
      `Cannot read the ${purpose.what} "${caFile}": it does not exist.`,
    );
  }
}
