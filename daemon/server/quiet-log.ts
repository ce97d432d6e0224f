/** The log of commands that use the ledger while a server may run, and that print their result. */
export const quietLog = { info: () => undefined, warn: () => undefined };
