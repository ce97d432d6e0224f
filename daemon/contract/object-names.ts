const PART = '[a-z0-9][a-z0-9-]{0,62}';

/** The form of ORG/NAME or SERVER:ORG/NAME, as in schemas/workspace-title.json. A test compares the two. */
export const WORKSPACE_TITLE = new RegExp(`^(?:[a-z0-9][a-z0-9.-]{0,252}:)?${PART}/${PART}$`);
/** The form of NAME or SERVER:NAME of a compute environment, as in schemas/run-request.json. A test compares the two. */
export const COMPUTE_ENVIRONMENT_TITLE = /^(?:[a-z0-9][a-z0-9.-]{0,252}:)?[a-z0-9][a-z0-9_-]{0,62}$/;

/** Returns ORG/NAME of a workspace without the server, whose colon many names of objects cannot contain. */
export function withoutServer(title: string): string {
  return title.slice(title.indexOf(':') + 1);
}
