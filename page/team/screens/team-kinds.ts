/** Kinds of events on a team server, as the API calls them. */
export const teamKinds: readonly (readonly [type: string, label: string])[] = [
  ['secret', 'Secrets'],
  ['secret.set', 'Secrets set'],
  ['secret.removed', 'Secrets removed'],
  ['secret.released', 'Secrets released to runs'],
  ['workspace', 'Workspaces and their members'],
  ['organization', 'Organizations and their members'],
  ['service-account', 'Service accounts'],
  ['compute-environment', 'Compute environments'],
  ['token', 'Tokens'],
  ['session', 'Sessions'],
  ['sign-in-link', 'Sign-in links'],
  ['invitation', 'Invitations'],
  ['user', 'Users'],
  ['access', 'Denied requests'],
  ['vault', 'Vault'],
];
