import type { Principal } from '../../access/principal.ts';
import { findWorkspace, type WorkspaceScope } from '../../access/scopes.ts';
import type { Served } from '../served.ts';

/** Finds the workspace that the parameters of a path name. Throws `workspace-not-found`, `workspace-personal`. */
export async function scopeOf(
  { ledger }: Served,
  by: Principal,
  { organization, workspace }: { readonly organization: string; readonly workspace: string },
): Promise<WorkspaceScope> {
  return findWorkspace(ledger.db, `${organization}/${workspace}`, by);
}
