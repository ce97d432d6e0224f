import { hostname } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { EscrowError } from '../errors.ts';
import {
  findHome,
  findRuntimeDirectory,
  findXdgDirectory,
  type OwnDirectory,
  type RuntimeDirectory,
} from './own-directories.ts';

/** All files and directories of one user. All paths are absolute. */
export interface Paths {
  readonly configFile: string;
  /** Not in the state directory: a copy of the ledger alone cannot be decrypted. */
  readonly keyFile: string;
  /** The key of request fingerprints. Not in the state directory either. */
  readonly requestKeyFile: string;
  /** The team servers that the user is signed in to, with their tokens. */
  readonly serversFile: string;
  readonly state: string;
  readonly ledger: string;
  readonly daemonLock: string;
  /** Locked by the command that is starting a daemon. */
  readonly daemonStartLock: string;
  readonly daemonLog: string;
  /** Names the host with the daemon, if several hosts share the state directory. */
  readonly hostLease: string;
  /** Requests from hosts without the daemon. */
  readonly spool: string;
  readonly runs: string;
  readonly socketDirectory: string;
  readonly socket: string;
  /** The Authorization header for the TCP listener. Next to the socket, which is usually not in a backup. */
  readonly tokenFile: string;
  /** The socket for the web page, which requires a token. */
  readonly pageSocket: string;
  /** Redirects a browser to the web page with a one-time code. */
  readonly redirectFile: string;
  /** The sessions of the web page: hashes of their tokens, and keys of their proofs. */
  readonly sessionsFile: string;
  /**
   * A second socket, in the state directory: cron jobs have no `$XDG_RUNTIME_DIR`, and it is deleted at the last logout.
   * Undefined if it equals the first socket or its path is too long.
   */
  readonly stateSocket: string | undefined;
  /** Why the socket is not in `$XDG_RUNTIME_DIR`, if that is set. */
  readonly runtimeUnusable: string | undefined;
  /** Which variables are ignored and why, for the person who runs a command. */
  readonly notes: readonly string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Bytes that fit into `sun_path`. Node truncates longer paths silently and would create the socket elsewhere. */
const SOCKET_PATH_MAX = 107;

/** Derives the paths from the environment. Throws `config-invalid`, `socket-path-too-long`. */
export function findPaths(env: Environment): Paths {
  const paths = locatePaths(env);
  assertSocketPath(paths.socket);
  return paths;
}

/** Derives the paths without checking the length of the socket's path, for `doctor`. Throws `config-invalid`. */
export function locatePaths(env: Environment): Paths {
  const home = absolute(env, 'NF_ESCROW_HOME');
  const [config, state, notes] = home === undefined ? underHome(env) : [home, home, []];
  // With NF_ESCROW_HOME the socket is in that directory, so that two homes of one user never share a socket.
  const runtime = home === undefined ? findRuntimeDirectory(env) : {};
  const inState = join(state, hostname(), 'daemon.sock');
  const isShort = Buffer.byteLength(inState) <= SOCKET_PATH_MAX;
  const [directory, runtimeUnusable] = fitting(runtime, isShort);
  const socketDirectory = directory ?? join(state, hostname());
  return Object.freeze({
    configFile: join(config, 'config.yaml'),
    keyFile: join(config, 'vault.key'),
    requestKeyFile: join(config, 'request.key'),
    serversFile: join(config, 'servers.json'),
    state,
    ledger: join(state, 'ledger.db'),
    daemonLock: join(state, `daemon.${hostname()}.lock`),
    daemonStartLock: join(state, `daemon.${hostname()}.start.lock`),
    daemonLog: join(state, 'daemon.log'),
    hostLease: join(state, 'daemon.host'),
    spool: join(state, 'spool'),
    runs: absolute(env, 'NF_ESCROW_RUNS_DIR') ?? join(state, 'runs'),
    socketDirectory,
    socket: join(socketDirectory, 'daemon.sock'),
    tokenFile: join(socketDirectory, 'daemon.token'),
    pageSocket: join(socketDirectory, 'page.sock'),
    redirectFile: join(socketDirectory, 'page.html'),
    sessionsFile: join(socketDirectory, 'page.sessions'),
    stateSocket: directory !== undefined && isShort ? inState : undefined,
    runtimeUnusable,
    notes,
  });
}

/** Returns the directories of configuration and state, with notes on ignored variables. */
function underHome(env: Environment): [config: string, state: string, notes: string[]] {
  let found: OwnDirectory | undefined;
  const user = (name: string) => (): string => join((found ??= findHome(env)).path, name);
  const config = findXdgDirectory(env, 'XDG_CONFIG_HOME', user('.config'));
  const state = findXdgDirectory(env, 'XDG_STATE_HOME', user('.local/state'));
  const notes = [found, config, state].flatMap((each) => each?.note ?? []);
  return [join(config.path, 'nf-escrow'), join(state.path, 'nf-escrow'), notes];
}

/** Does not use a runtime directory whose path is too long for a socket, if that of the state directory is short enough. */
function fitting(
  { path, unusable }: RuntimeDirectory,
  isStateShort: boolean,
): [path: string | undefined, unusable: string | undefined] {
  if (path === undefined || !isStateShort) return [path, unusable];
  const length = Buffer.byteLength(join(path, 'daemon.sock'));
  if (length <= SOCKET_PATH_MAX) return [path, undefined];
  const why = `a socket in "${path}" would have a path of ${String(length)} bytes, and the maximum is ${String(SOCKET_PATH_MAX)}.`;
  return [undefined, `XDG_RUNTIME_DIR is not used: ${why}`];
}

function absolute(env: Environment, name: string): string | undefined {
  const value = env[name];
  if (!value) return undefined;
  if (isAbsolute(value)) return value;
  throw new EscrowError('config-invalid', `${name} is "${value}". It must be an absolute path.`);
}

/** Throws `socket-path-too-long` if the path does not fit into `sun_path`. */
export function assertSocketPath(path: string): void {
  const length = Buffer.byteLength(path);
  if (length <= SOCKET_PATH_MAX) return;
  throw new EscrowError(
    'socket-path-too-long',
    `Cannot create the socket "${path}": the path has ${String(length)} bytes, and the maximum is ${String(SOCKET_PATH_MAX)}.`,
  );
}
