import { createRequire } from 'node:module';
import type { AwsCredentials } from '../contract/types.ts';
import type { AwsAccess } from './access.ts';

const PARTS = [
  '@aws-sdk/credential-provider-node',
  '@aws-sdk/credential-provider-ini',
  '@aws-sdk/client-sts',
  '@aws-sdk/client-secrets-manager',
  '@aws-sdk/client-batch',
  '@aws-sdk/client-scheduler',
];

/** Credentials that somebody lent for removals, by account; in memory alone, and the last that were lent. */
export class LentCredentials {
  readonly #byAccount = new Map<string, AwsCredentials>();

  /** Whoever calls this has seen to it that they are of that account. */
  lend(account: string, credentials: AwsCredentials): void {
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
export async function resolveCredentials({ profile, region }: AwsAccess): Promise<AwsCredentials> {
  if (profile !== null) {
    loadSdk();
    const { fromIni } = await import('@aws-sdk/credential-provider-ini');
    return fromIni({ profile, ignoreCache: true, clientConfig: { region } })();
  }
  loadSdk();
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  return defaultProvider({ ignoreCache: true, clientConfig: { region } })();
}

const require = createRequire(import.meta.url);
let isLoaded = false;

/**
 * Loads what every session needs, whole and before any `import()` of it. Node 20 prepares what is imported while other
 * things are still being loaded, as after a restart, and could hand out a part of the SDK without its names for as long
 * as the process lives ("defaultProvider is not a function"); what was required is complete.
 */
function loadSdk(): void {
  if (isLoaded) return;
  for (const part of PARTS) require(part);
  isLoaded = true;
}
