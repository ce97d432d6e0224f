import type { PlannedSecret } from '../../daemon/contract/types.ts';

/** Where a secret of a run comes from, in the words of the page. */
export const SCOPES: Readonly<Record<PlannedSecret['scope'], string>> = {
  user: 'Your own',
  workspace: 'Workspace',
  local: "Nextflow's own store",
};
