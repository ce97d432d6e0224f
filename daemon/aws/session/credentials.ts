import type { AwsCredentials } from '../../contract/types.ts';
import type { AwsAccess } from './access.ts';
import { encryptedTransport } from './encrypted-transport.ts';
import { sdk } from './sdk.ts';

/** Credentials that somebody provided for removals, by account; in memory alone, and the last that were provided. */
export class ProvidedCredentials {
  readonly #byAccount = new Map<string, AwsCredentials>();

  /** Whoever calls this has seen to it that they are of that account. */
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
 * Resolves credentials anew: nothing of an earlier attempt is kept, neither them nor the files that they come from, so
 * that who signed in again meanwhile is found. A named profile is that profile and nothing else: where it fails, the
 * machine's own role must not stand in for it.
 */
export async function resolveCredentials(access: AwsAccess): Promise<AwsCredentials> {
  const { profile, region } = access;
  const requestHandler = encryptedTransport(access);
  const options = { ignoreCache: true, clientConfig: { region, requestHandler } };
  try {
    if (profile !== null) {
      const { fromIni } = sdk('@aws-sdk/credential-provider-ini');
      return await fromIni({ profile, ...options })();
    }
    const { defaultProvider } = sdk('@aws-sdk/credential-provider-node');
    return await defaultProvider(options)();
  } finally {
    requestHandler.destroy?.();
  }
}
