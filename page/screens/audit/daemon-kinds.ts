/** Kinds of events on a daemon, as the API calls them. */
export const daemonKinds: readonly (readonly [type: string, label: string])[] = [
  ['secret', 'Secrets'],
  ['secret.set', 'Secrets set'],
  ['secret.removed', 'Secrets removed'],
  ['secret.imported', 'Secrets imported'],
  ['run', 'Runs'],
  ['run.created', 'Runs launched'],
  ['run.cancel-requested', 'Run cancellations requested'],
  ['workspace', 'Workspaces'],
  ['organization', 'Organizations'],
  ['compute-environment', 'Compute environments'],
  ['vault', 'Vault'],
];
