import type { SecretScope } from '../access/scopes.ts';
import type { Queries } from '../ledger/ledger.ts';
import type { SecretValue } from '../vault/secret-value.ts';

/** A secret that is available to a run. `version` and `secretId` are null for Nextflow's local store. */
export interface SecretCandidate {
  readonly name: string;
  readonly scope: 'user' | 'workspace' | 'local';
  readonly secretId: string | null;
  readonly version: number | null;
}

/** A backend that provides the values of a scope's secrets. */
export interface SecretSource {
  /** Lists the newest version of each secret of a scope. Decrypts nothing. */
  list(db: Queries, scope: SecretScope): Promise<SecretCandidate[]>;

  /** Decrypts one version. Throws `secret-not-found`, `vault-*`. */
  open(secretId: string, version: number): Promise<SecretValue>;
}
