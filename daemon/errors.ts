/**
 * The closed table of everything that can go wrong, and the one error class that carries a row of it.
 *
 * `exit` follows sysexits(3) where contract.md promises it: 64 usage, 69 unavailable, 70 internal, 75 try again,
 * 77 not permitted, 78 configuration; 1 is "failed or not found". `http` is the status of the API's problem document.
 * The schema `problem.json` lists the same codes, and a test holds the two together.
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
    title: 'The command line cannot be understood',
    hint: 'See `nf-escrow --help`.',
    exit: 64,
    http: 400,
    retryable: false,
  },
  'request-invalid': {
    title: 'The request does not fit its schema',
    hint: 'Compare the request with the schema that the detail names.',
    exit: 64,
    http: 400,
    retryable: false,
  },
  'name-invalid': {
    title: 'That is not a name a secret can have',
    hint: "Nextflow's rule: 2 to 50 letters, digits and single underscores, no digit first.",
    exit: 64,
    http: 400,
    retryable: false,
  },
  'value-invalid': {
    title: 'That is not a value a secret can have',
    hint: 'A value is 1 byte to 64 KiB, any byte but NUL.',
    exit: 64,
    http: 400,
    retryable: false,
  },
  'value-not-deliverable': {
    title: 'A value cannot be given to the tasks exactly as it is',
    hint: 'Change the value (base64, for one), or leave it out of the run with --only-secret.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'secret-not-found': {
    title: 'There is no such secret',
    hint: '`nf-escrow secrets list` shows the names there are.',
    exit: 1,
    http: 404,
    retryable: false,
  },
  'secret-not-available': {
    title: 'The run asks for a secret that it cannot have',
    hint: '`nf-escrow secrets list` shows the names there are; `nf-escrow secrets set NAME` adds one.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'workspace-not-found': {
    title: 'There is no such workspace',
    hint: '`nf-escrow workspaces list` shows the ones there are; `nf-escrow workspaces create ORG/NAME` makes one.',
    exit: 78,
    http: 404,
    retryable: false,
  },
  'organization-not-found': {
    title: 'There is no such organization',
    hint: '`nf-escrow orgs list` shows the ones there are; `nf-escrow orgs create NAME` makes one.',
    exit: 78,
    http: 404,
    retryable: false,
  },
  'workspace-personal': {
    title: 'A personal workspace keeps no secrets',
    hint: 'Use a workspace of an organization: `nf-escrow workspaces create ORG/NAME`.',
    exit: 64,
    http: 409,
    retryable: false,
  },
  'compute-environment-not-found': {
    title: 'There is no such compute environment',
    hint: '`nf-escrow compute-envs list` shows the ones there are; `nf-escrow compute-envs create` makes one.',
    exit: 78,
    http: 404,
    retryable: false,
  },
  'compute-environment-invalid': {
    title: 'The compute environment cannot take this run',
    hint: 'Mend what the detail names: `nf-escrow compute-envs update NAME …`.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'name-taken': {
    title: 'There is one of that name already',
    hint: 'Choose another name, or change the one there is.',
    exit: 1,
    http: 409,
    retryable: false,
  },
  'in-use': {
    title: 'It is still needed',
    hint: 'Remove first what the detail names.',
    exit: 1,
    http: 409,
    retryable: false,
  },
  'import-conflict': {
    title: 'Some of the names are there already',
    hint: 'Say --replace to replace them, or --skip to leave them; nothing was changed.',
    exit: 1,
    http: 409,
    retryable: false,
  },
  'import-invalid': {
    title: 'The file to import cannot be used',
    hint: 'Mend what the detail names; nothing was changed.',
    exit: 64,
    http: 422,
    retryable: false,
  },
  'not-permitted': {
    title: 'You may not do that',
    hint: 'Ask someone whose role allows it.',
    exit: 77,
    http: 403,
    retryable: false,
  },
  'run-not-found': {
    title: 'There is no such run',
    hint: '`nf-escrow runs list` shows the runs there are.',
    exit: 1,
    http: 404,
    retryable: false,
  },
  'run-ambiguous': {
    title: 'More than one run is meant',
    hint: 'Give more letters of the id; `nf-escrow runs list` shows them.',
    exit: 1,
    http: 409,
    retryable: false,
  },
  'run-alive': {
    title: 'The run may still be alive',
    hint: 'Wait for its end, or end it first (Ctrl-C in its terminal).',
    exit: 75,
    http: 409,
    retryable: true,
  },
  'state-conflict': {
    title: 'Something else moved this first',
    hint: 'Look again: `nf-escrow runs list`.',
    exit: 75,
    http: 409,
    retryable: true,
  },
  'not-found': {
    title: 'There is nothing at this address',
    hint: 'The addresses are in docs/api.md.',
    exit: 1,
    http: 404,
    retryable: false,
  },
  'nextflow-missing': {
    title: 'Nextflow cannot be found',
    hint: 'Put `nextflow` on PATH, or name it with --nextflow PATH or NF_ESCROW_NEXTFLOW.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'plugin-unusable': {
    title: 'The plugin for Nextflow cannot be installed where Nextflow looks for plugins',
    hint: 'Name a directory that you can write in NXF_PLUGINS_DIR.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'local-store-unreadable': {
    title: "Nextflow's own secrets store cannot be read",
    hint: 'Nextflow wants it to be a JSON array, owned by you, with mode 0600; or leave it out with --only-secret.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'config-invalid': {
    title: 'The configuration cannot be used',
    hint: 'Mend the file or variable that the detail names.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'permissions-too-open': {
    title: 'Others could read or change what must be private',
    hint: '`nf-escrow doctor` names what others can change, and what to do.',
    exit: 77,
    http: 422,
    retryable: false,
  },
  'path-conflict': {
    title: 'Something else stands where nf-escrow keeps its own',
    hint: 'Move it away, or set NF_ESCROW_HOME to another directory.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'socket-path-too-long': {
    title: "The path of the daemon's socket is too long",
    hint: 'A socket path may have 107 bytes: set XDG_RUNTIME_DIR or NF_ESCROW_HOME to a shorter directory.',
    exit: 78,
    http: 500,
    retryable: false,
  },
  'vault-key-missing': {
    title: 'The vault is locked: its key is not there',
    hint: 'Put the key file back. Without it the sealed values cannot be opened by anyone.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'vault-key-mismatch': {
    title: 'The key does not open the vault',
    hint: 'Put back the key file with which the values were sealed.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'vault-locked': {
    title: 'The vault is locked',
    hint: '`nf-escrow vault unlock` asks for its passphrase.',
    exit: 75,
    http: 423,
    retryable: true,
  },
  'vault-key-command-failed': {
    title: "The command that gives the vault's key failed",
    hint: 'Run it by hand: it is vaultKeyCommand in config.yaml, and has to print the key.',
    exit: 78,
    http: 422,
    retryable: true,
  },
  'vault-key-file-unusable': {
    title: 'The vault key file cannot be used',
    hint: "Check the file's directory and its file system (`ls -ld`, `df`).",
    exit: 78,
    http: 422,
    retryable: true,
  },
  'passphrase-wrong': {
    title: 'That passphrase does not fit',
    hint: 'Try again; `nf-escrow vault unlock` asks for it.',
    exit: 77,
    http: 403,
    retryable: false,
  },
  'secret-corrupt': {
    title: 'A sealed value has been changed or damaged',
    hint: 'Set the secret anew: `nf-escrow secrets set NAME`.',
    exit: 70,
    http: 500,
    retryable: false,
  },
  'ledger-unavailable': {
    title: 'The ledger cannot be used',
    hint: 'Look at the disk (`df`, `ls -ld`) of the path that the detail names.',
    exit: 69,
    http: 503,
    retryable: true,
  },
  'ledger-corrupt': {
    title: 'The ledger is damaged',
    hint: 'Nothing was written to it. Keep a copy, then put back a backup of yours, or try `sqlite3 FILE .recover`.',
    exit: 78,
    http: 500,
    retryable: false,
  },
  'ledger-too-new': {
    title: 'The ledger was written by a newer nf-escrow',
    hint: 'Use that version, or another NF_ESCROW_HOME.',
    exit: 78,
    http: 500,
    retryable: false,
  },
  'store-unavailable': {
    title: 'The place of the secrets cannot be used',
    hint: 'See the detail, then try again. A launch that failed has left nothing; a removal is tried again by itself.',
    exit: 69,
    http: 503,
    retryable: true,
  },
  'aws-credentials': {
    title: 'The AWS credentials cannot be used',
    hint: 'Sign in again (`aws sso login`), or name others with --profile.',
    exit: 77,
    http: 502,
    retryable: true,
  },
  'aws-denied': {
    title: 'AWS does not permit it',
    hint: '`nf-escrow iam check --compute-env NAME` names what is missing; `nf-escrow iam render` writes the policies.',
    exit: 77,
    http: 502,
    retryable: true,
  },
  'aws-rejected': {
    title: 'AWS refuses the request',
    hint: 'Compare the compute environment with what is there in AWS: `nf-escrow compute-envs show NAME`.',
    exit: 78,
    http: 502,
    retryable: false,
  },
  'daemon-unavailable': {
    title: "nf-escrow's daemon does not answer",
    hint: '`nf-escrow daemon status` tells more; its log is daemon.log in the state directory.',
    exit: 69,
    http: 503,
    retryable: true,
  },
  'scheduler-unavailable': {
    title: 'The scheduler cannot be asked',
    hint: "Run the scheduler's own status command to see its error; nothing is concluded until it answers.",
    exit: 69,
    http: 503,
    retryable: true,
  },
  'scheduler-rejected': {
    title: 'The scheduler refuses the job',
    hint: 'Mend the options that the detail names: `nf-escrow compute-envs update NAME --head-options ...`.',
    exit: 78,
    http: 422,
    retryable: false,
  },
  'daemon-on-other-host': {
    title: "nf-escrow's daemon is on another host",
    hint: 'Use the command there; if that host is gone for good: `nf-escrow daemon takeover`.',
    exit: 69,
    http: 503,
    retryable: true,
  },
  'origin-forbidden': {
    title: 'Requests from web pages are not answered here',
    hint: 'Use the command line, or curl --unix-socket.',
    exit: 77,
    http: 403,
    retryable: false,
  },
  internal: {
    title: 'nf-escrow met something it did not expect',
    hint: "The daemon's log says more: daemon.log in the state directory.",
    exit: 70,
    http: 500,
    retryable: false,
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

/** An error from the closed table. `detail` says what happened, to what; `hint` what to do next. Neither holds a value. */
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

/** The `code` of a Node system error (ENOENT, …), if it is one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Anything thrown, as an error of the table: what is not one of ours becomes `internal`, told without its stack. */
export function asEscrowError(error: unknown): EscrowError {
  if (error instanceof EscrowError) return error;
  const detail = error instanceof Error ? error.message : 'Something that is not an error was thrown.';
  return new EscrowError('internal', detail, { cause: error });
}
