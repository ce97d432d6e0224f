import { hostname, homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { EscrowError } from '../errors.ts';

/** Where everything of one user is kept. All paths are absolute. */
export interface Paths {
  readonly configFile: string;
  /** The vault's key lies apart from the ledger, so that a copy of the ledger alone opens nothing. */
  readonly keyFile: string;
  readonly state: string;
  readonly ledger: string;
  readonly daemonLock: string;
  /** Held by the command that is starting a daemon. */
  readonly daemonStartLock: string;
  readonly daemonLog: string;
  /** Which host has the daemon, where hosts share the state directory. */
  readonly hostLease: string;
  /** Requests from hosts that the daemon is not on. */
  readonly spool: string;
  readonly runs: string;
  readonly socketDirectory: string;
  readonly socket: string;
  /**
   * A second one, in the state directory: `$XDG_RUNTIME_DIR` is not there for cron, and goes at the last logout. Undefined
   * where it is the first one, or its path would be too long.
   */
  readonly stateSocket: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Bytes that fit into `sun_path`; Node cuts longer ones silently, so the socket would lie somewhere else. */
const SOCKET_PATH_MAX = 107;

/** Finds the paths from the environment: contract.md, "Files". */
export function findPaths(env: Environment): Paths {
  const paths = locatePaths(env);
  assertSocketPath(paths.socket);
  return paths;
}

/** As findPaths, without asking whether the socket can be used: doctor looks at the rest all the same. */
export function locatePaths(env: Environment): Paths {
  const home = absolute(env, 'NF_ESCROW_HOME');
  const user = absolute(env, 'HOME') ?? homedir();
  const config = home ?? join(xdg(env, 'XDG_CONFIG_HOME') ?? join(user, '.config'), 'nf-escrow');
  const state = home ?? join(xdg(env, 'XDG_STATE_HOME') ?? join(user, '.local', 'state'), 'nf-escrow');
  // With a home of its own the socket goes there too: two homes of one user must not meet at one socket.
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
  throw new EscrowError('config-invalid', `${name} is "${value}", which is not an absolute path.`);
}

/** The XDG base directory specification says that relative paths are to be ignored. */
function xdg(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value && isAbsolute(value) ? value : undefined;
}

/** Throws `socket-path-too-long`. */
export function assertSocketPath(path: string): void {
  const length = Buffer.byteLength(path);
  if (length <= SOCKET_PATH_MAX) return;
  throw new EscrowError('socket-path-too-long', `"${path}" has ${String(length)} bytes.`);
}
