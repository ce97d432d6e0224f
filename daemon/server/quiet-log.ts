/** The log of commands that use the ledger beside a server and report their result themselves. */
export const quietLog = { info: () => undefined, warn: () => undefined };
