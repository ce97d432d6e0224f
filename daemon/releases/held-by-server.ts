/** The kind of a lease whose objects a team server holds. */
export const HELD_BY_SERVER = 'team-server';
