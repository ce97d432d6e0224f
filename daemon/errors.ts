/**
 * A row of the closed error table.
 *
 * `exit` follows sysexits(3): 64 usage, 69 unavailable, 70 internal, 75 try again, 77 not permitted, 78 configuration;
 * 1 is "failed or not found". `http` is the status of the problem document in the API. The schema `problem.json` lists
 * the same codes; a unit test compares the two.
 */
interface ErrorRow {
  readonly title: string;
  readonly hint: string;
  readonly exit: 1 | 64 | 69 | 70 | 75 | 77 | 78;
  readonly http: number;
  readonly retryable: boolean;
}

export const errorTable = {
  usage: {
    title: 'Invalid command line',
    hint: 'Run `nf-escrow --help` for usage.',
    exit: 64,
    http: 400,
    retryable: false,
  },
  'request-invalid': {
    title: 'Invalid request',
    hint: 'Correct the fields named in the message. docs/api.md lists the schemas.',
    exit: 64,
    http: 400,
    retryable: false,
  },
  'name-invalid': {
    title: 'Invalid secret name',
    hint: "Use 2 to 50 letters, digits and single underscores. Start with a letter or one underscore (Nextflow's rule).",
    exit: 64,
    http: 400,
    retryable: false,
  },
  'value-invalid': {
    title: 'Invalid secret value',
    hint: 'Use a value of 1 byte to 64 KiB without NUL bytes.',
    exit: 64,
    http: 400,
    retryable: false,
  },
  'value-not-deliverable': {
    title: 'A secret value cannot be delivered unchanged',
    hint: 'Encode the value, for example as base64, or select the other secrets with --only-secret.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'secret-not-found': {
    title: 'Secret not found',
    hint: 'Run `nf-escrow secrets list` to see the existing names.',
    exit: 1,
    http: 404,
    retryable: false,
  },
  'secret-not-available': {
    title: 'A secret is not available to the run',
    hint: 'Set it with `nf-escrow secrets set NAME`, or run `nf-escrow secrets list` to see the existing names.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'workspace-not-found': {
    title: 'Workspace not found',
    hint: 'Run `nf-escrow workspaces list` to see the existing ones, or create it with `nf-escrow workspaces create ORG/NAME`.',
    exit: 78,
    http: 404,
    retryable: false,
  },
  'organization-not-found': {
    title: 'Organization not found',
    hint: 'Run `nf-escrow orgs list` to see the existing ones, or create it with `nf-escrow orgs create NAME`.',
    exit: 78,
    http: 404,
    retryable: false,
  },
  'workspace-personal': {
    title: 'A personal workspace cannot have secrets',
    hint: 'Use a workspace of an organization. Create one with `nf-escrow workspaces create ORG/NAME`.',
    exit: 64,
    http: 409,
    retryable: false,
  },
  'compute-environment-not-found': {
    title: 'Compute environment not found',
    hint: 'Run `nf-escrow compute-envs list` to see the existing ones, or create it with `nf-escrow compute-envs create`.',
    exit: 78,
    http: 404,
    retryable: false,
  },
  'compute-environment-invalid': {
    title: 'The compute environment cannot be used for this run',
    hint: 'Correct the setting named in the message with `nf-escrow compute-envs update NAME`.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'name-taken': {
    title: 'The name already exists',
    hint: 'Choose another name, or update the existing object.',
    exit: 1,
    http: 409,
    retryable: false,
  },
  'in-use': {
    title: 'The object is still in use',
    hint: 'Remove everything that uses the object first.',
    exit: 1,
    http: 409,
    retryable: false,
  },
  'import-conflict': {
    title: 'Some secrets already exist',
    hint: 'Add --replace to overwrite them, or --skip to keep them. Nothing was imported.',
    exit: 1,
    http: 409,
    retryable: false,
  },
  'import-invalid': {
    title: 'Invalid import file',
    hint: 'Correct the file or its options. Nothing was imported.',
    exit: 64,
    http: 422,
    retryable: false,
  },
  'not-permitted': {
    title: 'Permission denied',
    hint: 'Ask an owner or admin of the workspace for a role that allows it.',
    exit: 77,
    http: 403,
    retryable: false,
  },
  'run-not-found': {
    title: 'Run not found',
    hint: 'Run `nf-escrow runs list` to see the existing runs.',
    exit: 1,
    http: 404,
    retryable: false,
  },
  'run-ambiguous': {
    title: 'More than one run matches',
    hint: 'Use a longer prefix of the run id. `nf-escrow runs list` shows the ids.',
    exit: 1,
    http: 409,
    retryable: false,
  },
  'run-alive': {
    title: 'The run may still be alive',
    hint: 'Wait until it ends, or stop it with `nf-escrow runs cancel RUN`.',
    exit: 75,
    http: 409,
    retryable: true,
  },
  'state-conflict': {
    title: 'Another operation changed the state first',
    hint: 'Check the current state with `nf-escrow runs list`, then try again.',
    exit: 75,
    http: 409,
    retryable: true,
  },
  'not-found': {
    title: 'No such API route',
    hint: 'See docs/api.md for the routes.',
    exit: 1,
    http: 404,
    retryable: false,
  },
  'method-not-allowed': {
    title: 'The path does not have this method',
    hint: 'Use a method of the response header Allow. docs/api.md lists the operations.',
    exit: 70,
    http: 405,
    retryable: false,
  },
  'not-acceptable': {
    title: 'No response in an accepted media type',
    hint: 'Send `Accept: */*`, or the media type that the message names.',
    exit: 70,
    http: 406,
    retryable: false,
  },
  'payload-too-large': {
    title: 'The request body is too large',
    hint: 'Send less at once. docs/limits.md lists the limits.',
    exit: 64,
    http: 413,
    retryable: false,
  },
  'unsupported-media-type': {
    title: 'Unsupported media type',
    hint: 'Send JSON with `Content-Type: application/json`.',
    exit: 70,
    http: 415,
    retryable: false,
  },
  'nextflow-missing': {
    title: 'Nextflow not found',
    hint: 'Add `nextflow` to PATH, or set its path with --nextflow PATH or NF_ESCROW_NEXTFLOW.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'plugin-unusable': {
    title: 'Cannot install the Nextflow plugin',
    hint: 'Set NXF_PLUGINS_DIR to a directory that only you can write.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'local-store-unreadable': {
    title: "Cannot read Nextflow's own secrets store",
    hint: 'Make it a JSON array in a file that you own, with mode 0600, or select the secrets of the run with --only-secret.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'config-invalid': {
    title: 'Invalid configuration',
    hint: 'Correct the file or environment variable named in the message.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'permissions-too-open': {
    title: 'Other users can access private files',
    hint: 'Run `nf-escrow doctor` to list the affected paths and the fix for each.',
    exit: 77,
    http: 422,
    retryable: false,
  },
  'writable-by-others': {
    title: 'Others can change what the run executes',
    hint: '`nf-escrow doctor` names each place, and what to do.',
    exit: 77,
    http: 422,
    retryable: false,
  },
  'path-conflict': {
    title: 'An existing file blocks a path that nf-escrow needs',
    hint: 'Move the existing file, or set NF_ESCROW_HOME to another directory.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'socket-path-too-long': {
    title: "The path of the daemon's socket is too long",
    hint: 'Set XDG_RUNTIME_DIR or NF_ESCROW_HOME to a directory with a shorter path. A socket path can have at most 107 bytes.',
    exit: 78,
    http: 500,
    retryable: false,
  },
  'vault-key-missing': {
    title: 'The vault key file is missing',
    hint: 'Restore the key file from a backup. The secrets cannot be decrypted without it.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'vault-key-mismatch': {
    title: 'The vault key does not match',
    hint: 'Restore the key file that encrypted the secrets.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'vault-locked': {
    title: 'The vault is locked',
    hint: 'Run `nf-escrow vault unlock` and enter the passphrase.',
    exit: 75,
    http: 423,
    retryable: true,
  },
  'vault-key-command-failed': {
    title: 'The vault key command failed',
    hint: 'Run vaultKeyCommand from config.yaml in a shell. It must print the key and exit with status 0.',
    exit: 78,
    http: 422,
    retryable: true,
  },
  'vault-key-file-unusable': {
    title: 'Cannot use the vault key file',
    hint: 'Check its directory and file system with `ls -ld` and `df`.',
    exit: 78,
    http: 422,
    retryable: true,
  },
  'passphrase-wrong': {
    title: 'Wrong passphrase',
    hint: 'Run `nf-escrow vault unlock` and enter the passphrase again.',
    exit: 77,
    http: 403,
    retryable: false,
  },
  'secret-corrupt': {
    title: 'An encrypted value is damaged or was modified',
    hint: 'Set the secret again with `nf-escrow secrets set NAME`.',
    exit: 70,
    http: 500,
    retryable: false,
  },
  'ledger-unavailable': {
    title: 'Cannot use the ledger',
    hint: 'Check the path named in the message with `df` and `ls -ld`.',
    exit: 69,
    http: 503,
    retryable: true,
  },
  'ledger-corrupt': {
    title: 'The ledger is damaged',
    hint: 'Copy the file first. Then restore a backup, or try `sqlite3 FILE .recover`. nf-escrow has not modified the file.',
    exit: 78,
    http: 500,
    retryable: false,
  },
  'ledger-too-new': {
    title: 'A newer nf-escrow wrote the ledger',
    hint: 'Use the newer version, or set NF_ESCROW_HOME to another directory.',
    exit: 78,
    http: 500,
    retryable: false,
  },
  'store-unavailable': {
    title: 'Cannot access the secret store',
    hint: 'Fix the cause named in the message, then try again. A failed launch leaves nothing behind; a failed removal is retried automatically.',
    exit: 69,
    http: 503,
    retryable: true,
  },
  'aws-credentials': {
    title: 'AWS credentials are missing or not valid',
    hint: 'Sign in again with `aws sso login`, or select another profile with --profile.',
    exit: 77,
    http: 502,
    retryable: true,
  },
  'aws-clock': {
    title: "This machine's clock is wrong",
    hint: "Set this machine's clock: AWS accepts a difference of at most five minutes.",
    exit: 75,
    http: 502,
    retryable: true,
  },
  'aws-denied': {
    title: 'AWS denied the request',
    hint: 'Run `nf-escrow iam check --compute-env NAME` to list the missing permissions, and `nf-escrow iam render` for the policies.',
    exit: 77,
    http: 502,
    retryable: true,
  },
  'aws-rejected': {
    title: 'AWS rejected the request',
    hint: 'Compare `nf-escrow compute-envs show NAME` with the resources in AWS.',
    exit: 78,
    http: 502,
    retryable: false,
  },
  'daemon-unavailable': {
    title: 'The daemon does not answer',
    hint: 'Run `nf-escrow daemon status`, then see `nf-escrow daemon logs`.',
    exit: 69,
    http: 503,
    retryable: true,
  },
  'scheduler-unavailable': {
    title: 'Cannot query the scheduler',
    hint: "Run the scheduler's own status command to see its error. nf-escrow changes nothing until the scheduler answers.",
    exit: 69,
    http: 503,
    retryable: true,
  },
  'scheduler-rejected': {
    title: 'The scheduler rejected the job',
    hint: 'Correct the options named in the message with `nf-escrow compute-envs update NAME --head-options ...`.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'daemon-on-other-host': {
    title: 'The daemon runs on another host',
    hint: 'Run the command on that host. If the host has failed permanently, run `nf-escrow daemon takeover`.',
    exit: 69,
    http: 503,
    retryable: true,
  },
  'origin-forbidden': {
    title: 'Requests from web pages are not allowed',
    hint: 'Use the command line, or `curl --unix-socket`.',
    exit: 77,
    http: 403,
    retryable: false,
  },
  internal: {
    title: 'Internal error',
    hint: 'See `nf-escrow daemon logs` for details.',
    exit: 70,
    http: 500,
    retryable: false,
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

/**
 * An error of the closed table. `detail` names what failed, the object and the reason; `hint` says what to do next.
 * Neither contains a secret value.
 */
export class EscrowError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, detail: string, options: { hint?: string; cause?: unknown } = {}) {
    super(detail, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'EscrowError';
    this.code = code;
    this.hint = options.hint ?? errorTable[code].hint;
  }

  get row(): ErrorRow {
    return errorTable[this.code];
  }
}

/** Returns the `code` of a Node system error (ENOENT, …), or undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Converts anything thrown to an error of the table. Unknown errors become `internal`, without their stack. */
export function asEscrowError(error: unknown): EscrowError {
  if (error instanceof EscrowError) return error;
  const detail = error instanceof Error ? error.message : 'A value that is not an Error was thrown.';
  return new EscrowError('internal', detail, { cause: error });
}
