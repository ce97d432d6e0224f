import type { AwsCredentials } from '../../contract/types.ts';
import type { AwsAccess } from './access.ts';
import { encryptedTransport } from './encrypted-transport.ts';
import { sdk } from './sdk.ts';
import { withinLimit } from '../../system/time/within-limit.ts';

/** Time limit. The SDK waits without a limit for a `credential_process` and for the browser of a sign-in. */
const LIMIT_MS = 60_000;

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
  const resolve = async (): Promise<AwsCredentials> => {
    if (profile !== null) {
      const { fromIni } = await sdk('@aws-sdk/credential-provider-ini');
      return fromIni({ profile, ...options })();
    }
    const { defaultProvider } = await sdk('@aws-sdk/credential-provider-node');
    return defaultProvider(options)();
  };
  const late = (): Error =>
    Object.assign(new Error(`no credentials within ${String(LIMIT_MS / 1000)} s`), {
      name: 'CredentialsProviderError',
    });
  try {
    return await withinLimit(LIMIT_MS, resolve(), late);
  } finally {
    requestHandler.destroy?.();
  }
}
