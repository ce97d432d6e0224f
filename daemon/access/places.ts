/** The place of events that concern the whole server, such as its users. No organization has this name. */
export const SERVER_PLACE = '*';
