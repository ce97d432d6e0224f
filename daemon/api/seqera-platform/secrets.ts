import { findNumberedWorkspace } from '../../access/numbered-workspaces.ts';
import { authorize } from '../../access/authorize.ts';
import type { Principal } from '../../access/principal.ts';
import { titleOf, userScope, type SecretScope } from '../../access/scopes.ts';
import { assertSecretName } from '../../contract/secret-name.ts';
import type { PipelineSecret, PipelineSecretsQuery } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import {
  changeNumberedSecret,
  findNumberedSecret,
  listNumberedSecrets,
  type NumberedSecret,
} from '../../vault/numbered-secrets.ts';
import { encodeValue, secretValueFrom } from '../../vault/secret-bytes.ts';
import type { Served } from '../served.ts';
import { readId } from './read-id.ts';
import { tagOf } from '../../vault/list-secrets.ts';

type InWorkspace = Pick<PipelineSecretsQuery, 'workspaceId'>;

/** Lists the secrets of a workspace, or those of the user. */
export async function listSecrets(
  served: Served,
  by: Principal,
  query: InWorkspace,
): Promise<PipelineSecret[]> {
  const secrets = await listNumberedSecrets(
    served.ledger.db,
    await scopeFor(served, by, query, 'pipeline_secrets:read'),
  );
  return secrets.map(describe);
}

/** Returns one secret by its id. Throws `secret-not-found`. */
export async function getSecret(
  served: Served,
  by: Principal,
  query: InWorkspace,
  id: string,
): Promise<PipelineSecret> {
  const scope = await scopeFor(served, by, query, 'pipeline_secrets:read');
  return describe(await findNumberedSecret(served.ledger.db, scope, readId(id)));
}

/** Creates a secret and returns its id. Throws `name-taken`, `name-invalid`, `value-invalid`. */
export async function createSecret(
  served: Served,
  by: Principal,
  query: InWorkspace,
  { name, value }: { readonly name: string; readonly value: string },
): Promise<number> {
  assertSecretName(name);
  const scope = await scopeFor(served, by, query, 'pipeline_secrets:write');
  const secret = secretValueFrom(name, encodeValue(name, value));
  try {
    const created = await served.vault.set(by, scope, name, secret, { ifNoneMatch: '*' });
    return created.numericId;
  } catch (error) {
    if (error instanceof EscrowError && error.code === 'precondition-failed') throw nameTaken(name, scope);
    throw error;
  }
}

/** Sets a new value of a secret. Throws `secret-not-found`, `value-invalid`. */
export async function updateSecret(
  served: Served,
  by: Principal,
  query: InWorkspace,
  id: string,
  value: string,
): Promise<void> {
  const scope = await scopeFor(served, by, query, 'pipeline_secrets:write');
  await changeNumberedSecret(served.ledger.db, scope, readId(id), (name, unchanged) =>
    served.vault.set(by, scope, name, secretValueFrom(name, encodeValue(name, value)), unchanged),
  );
}

/** Removes a secret. Throws `secret-not-found`. */
export async function removeSecret(
  served: Served,
  by: Principal,
  query: InWorkspace,
  id: string,
): Promise<void> {
  const scope = await scopeFor(served, by, query, 'pipeline_secrets:write');
  await changeNumberedSecret(served.ledger.db, scope, readId(id), (name, unchanged) =>
    served.vault.remove(by, scope, name, unchanged),
  );
}

/** Throws `name-invalid` or `name-taken` unless a secret of this name can be created. */
export async function assertNameIsFree(
  served: Served,
  by: Principal,
  query: InWorkspace,
  name: string,
): Promise<void> {
  const scope = await scopeFor(served, by, query, 'pipeline_secrets:write');
  assertSecretName(name);
  if ((await tagOf(served.ledger.db, scope, name)) !== undefined) throw nameTaken(name, scope);
}

/** Returns the scope of a request: the workspace, or the user without one. Throws `workspace-not-found`, `not-permitted`. */
async function scopeFor(
  { ledger: { db } }: Served,
  by: Principal,
  { workspaceId }: InWorkspace,
  permission: 'pipeline_secrets:read' | 'pipeline_secrets:write',
): Promise<SecretScope> {
  if (workspaceId === undefined) {
    const own = permission === 'pipeline_secrets:read' ? 'user_secrets:read' : 'user_secrets:write';
    await authorize(db, by, own, 'self');
    return userScope(db, by);
  }
  const workspace = await findNumberedWorkspace(db, workspaceId, by);
  await authorize(db, by, permission, { workspace: titleOf(workspace) });
  return workspace;
}

function nameTaken(name: string, scope: SecretScope): EscrowError {
  return new EscrowError('name-taken', `The secret ${name} already exists in scope ${titleOf(scope)}.`, {
    hint: 'Update it, or choose another name.',
  });
}

function describe({ numericId, name, lastUsed, dateCreated, lastUpdated }: NumberedSecret): PipelineSecret {
  return { id: numericId, name, lastUsed, dateCreated, lastUpdated };
}
