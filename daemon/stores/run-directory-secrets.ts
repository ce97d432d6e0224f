import type { SecretDelivery } from '../contract/types.ts';
import { unfitForNextflowFormat } from '../run-directory/nextflow-format.ts';
import type { SecretValue } from '../vault/secret-value.ts';
import type { SecretsStore } from './store.ts';

/** Delivers secrets in the run directory, for runs whose tasks can access its file system. */
export class RunDirectorySecrets implements SecretsStore {
  readonly kind = 'run-directory';
  readonly objects = undefined;

  /** The plugin delivers arbitrary bytes. Nextflow's own format does not. */
  carriesAnyValue({ plugin }: SecretDelivery): boolean {
    return plugin !== null;
  }

  findUndeliverable(
    secrets: ReadonlyMap<string, SecretValue>,
    secretDelivery: SecretDelivery,
  ): ReadonlyMap<string, string> {
    return this.carriesAnyValue(secretDelivery) ? new Map() : unfitForNextflowFormat(secrets);
  }
}
