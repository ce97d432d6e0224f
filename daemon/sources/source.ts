import type { SecretScope } from '../access/scopes.ts';
import type { Delivery, ServerEnvironment } from '../contract/types.ts';
import type { Queries } from '../ledger/ledger.ts';
import type { ReleasedVersion } from '../releases/payload.ts';
import type { SecretValue } from '../vault/secret-value.ts';
import type { KeepVersion } from '../vault/vault.ts';
import type { HeldRequest } from './request-delivery.ts';
import type { RemoteWorkspace } from './remote-workspace.ts';

/**
 * A secret that is available to a run. `version` is null for Nextflow's own store, and `secretId` also for a secret of a team server.
 */
export interface SecretCandidate {
  readonly name: string;
  readonly scope: 'user' | 'workspace' | 'local';
  readonly secretId: string | null;
  readonly version: number | null;
}

/** A backend that provides the values of a scope's secrets from the ledger. */
export interface SecretSource {
  /** Lists the newest version of each secret of a scope. Decrypts nothing. */
  list(db: Queries, scope: SecretScope): Promise<SecretCandidate[]>;

  /** Decrypts one version. Throws `secret-not-found`, `vault-*`. */
  open(secretId: string, version: number): Promise<SecretValue>;

  /**
   * Prepares to keep values of other sources for a run, which masks them also after a restart of the daemon. Throws `vault-*`.
   */
  keeper(): Promise<KeepVersion>;
}

/** A backend that provides the secrets of workspaces outside of the ledger, and releases their values to one run. */
export interface ReleaseSource {
  /**
   * Finds the workspace of a title: one of this source, or the ORG/NAME of one of the ledger. Throws `workspace-ambiguous`,
   * `server-not-stored`, `server-unreachable`.
   */
  find(title: string): Promise<RemoteWorkspace | string>;

  /** Lists the newest version of each secret of a workspace. Releases nothing. Throws `server-unreachable`, `unauthenticated`, … */
  list(workspace: RemoteWorkspace): Promise<SecretCandidate[]>;

  /**
   * Gets the values of pinned versions for a run, by name. Throws `secret-changed`, `release-invalid` if the release differs from the
   * request, `not-permitted`, `server-unreachable`.
   */
  release(
    workspace: RemoteWorkspace,
    run: string,
    secrets: readonly ReleasedVersion[],
  ): Promise<ReadonlyMap<string, SecretValue>>;

  /** Returns a compute environment of a workspace on its server; undefined if there is none. Throws `server-unreachable`, … */
  environment(workspace: RemoteWorkspace, name: string): Promise<ServerEnvironment | undefined>;

  /**
   * Lets the server deliver pinned versions to a run in one of its compute environments. Returns references; no value leaves the
   * server. Throws `secret-changed`, `release-conflict`, `not-permitted`, `server-unreachable`, `store-unavailable`, `aws-*`, …
   */
  deliver(workspace: RemoteWorkspace, request: HeldRequest): Promise<Delivery>;

  /** Returns the title under which the ledger and receipts name a workspace. */
  titleOf(workspace: RemoteWorkspace): string;
}
