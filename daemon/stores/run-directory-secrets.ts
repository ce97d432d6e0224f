import type { SecretDelivery } from '../contract/types.ts';
import { assertFitsNextflowFormat } from '../run-directory/nextflow-format.ts';
import type { SecretValue } from '../vault/secret-value.ts';
import type { SecretsStore } from './store.ts';

/** Delivers secrets in the run directory, for runs whose tasks can access its file system. */
export class RunDirectorySecrets implements SecretsStore {
  readonly kind = 'run-directory';
  readonly objects = undefined;

  /** The plugin delivers arbitrary bytes. Nextflow's own format does not. */
  check(secrets: ReadonlyMap<string, SecretValue>, { plugin, reason }: SecretDelivery): void {
    if (plugin === null) assertFitsNextflowFormat(secrets, reason);
  }
}
