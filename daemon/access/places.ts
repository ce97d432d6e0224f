/** The place of events that concern the whole server, such as its users. No organization has this name. */
export const SERVER_PLACE = '*';

/** What a permission is needed for. */
export type Place =
  /** ORGANIZATION/NAME. */
  { readonly workspace: string } | { readonly organization: string } | 'server' | 'self';
