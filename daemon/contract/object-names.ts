const PART = '[a-z0-9][a-z0-9-]{0,62}';

/** The form of ORG/NAME, as in schemas/workspace-title.json. A test compares the two. */
export const WORKSPACE_TITLE = new RegExp(`^${PART}/${PART}$`);
/** The form of the name of a compute environment, as in schemas/compute-environment-input.json. A test compares the two. */
export const COMPUTE_ENVIRONMENT_NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;
