import { hostname, homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { EscrowError } from '../errors.ts';

/** All files and directories of one user. All paths are absolute. */
export interface Paths {
  readonly configFile: string;
  /** Not in the state directory: a copy of the ledger alone cannot be decrypted. */
  readonly keyFile: string;
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
  /**
   * A second socket, in the state directory: cron jobs have no `$XDG_RUNTIME_DIR`, and it is deleted at the last logout.
   * Undefined if it equals the first socket or its path is too long.
   */
  readonly stateSocket: string | undefined;
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
  const user = absolute(env, 'HOME') ?? homedir();
  const config = home ?? join(xdg(env, 'XDG_CONFIG_HOME') ?? join(user, '.config'), 'nf-escrow');
  const state = home ?? join(xdg(env, 'XDG_STATE_HOME') ?? join(user, '.local', 'state'), 'nf-escrow');
  // With NF_ESCROW_HOME the socket is in that directory, so that two homes of one user never share a socket.
  const runtime = home === undefined ? xdg(env, 'XDG_RUNTIME_DIR') : undefined;
  const socketDirectory = runtime === undefined ? join(state, hostname()) : join(runtime, 'nf-escrow');
  const inState = join(state, hostname(), 'daemon.sock');
  const hasSecond = runtime !== undefined && Buffer.byteLength(inState) <= SOCKET_PATH_MAX;
  return Object.freeze({
    configFile: join(config, 'config.yaml'),
    keyFile: join(config, 'vault.key'),
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
    stateSocket: hasSecond ? inState : undefined,
  });
}

function absolute(env: Environment, name: string): string | undefined {
  const value = env[name];
  if (!value) return undefined;
  if (isAbsolute(value)) return value;
  throw new EscrowError('config-invalid', `${name} is "${value}". It must be an absolute path.`);
}

/** Ignores relative paths, as the XDG base directory specification requires. */
function xdg(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value && isAbsolute(value) ? value : undefined;
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
