import type { AwsCredentials } from '../../contract/types.ts';
import type { AwsAccess } from './access.ts';
import { encryptedTransport } from './encrypted-transport.ts';
import { sdk } from './sdk.ts';

/** Credentials that a user provided for removals: the latest ones of each account, kept in memory only. */
export class ProvidedCredentials {
  readonly #byAccount = new Map<string, AwsCredentials>();

  /** The caller has verified that the credentials belong to the account. */
  set(account: string, credentials: AwsCredentials): void {
    this.#byAccount.set(account, credentials);
  }

  of(account: string): AwsCredentials | undefined {
    return this.#byAccount.get(account);
  }

  forget(account: string): void {
    this.#byAccount.delete(account);
  }
}

/**
 * Resolves credentials without any cache, neither of the credentials nor of the files they come from, so that a new
 * sign-in takes effect. A named profile has no fallback: if it fails, the instance role of the machine is not used in
 * its place.
 */
export async function resolveCredentials(access: AwsAccess): Promise<AwsCredentials> {
  const { profile, region } = access;
  const requestHandler = await encryptedTransport(access);
  const options = { ignoreCache: true, clientConfig: { region, requestHandler } };
  try {
    if (profile !== null) {
      const { fromIni } = await sdk('@aws-sdk/credential-provider-ini');
      return await fromIni({ profile, ...options })();
    }
    const { defaultProvider } = await sdk('@aws-sdk/credential-provider-node');
    return await defaultProvider(options)();
  } finally {
    requestHandler.destroy?.();
  }
}
