import { dirname } from 'node:path';
import { connect } from '../../api-client/client.ts';
import { assertSocketPath, type Paths } from '../../config/paths.ts';
import type { Health } from '../../contract/types.ts';
import { EscrowError, systemCode } from '../../errors.ts';
import { SOCKET } from '../../system/files/trust/trust-error.ts';
import { openTrusted } from '../../system/files/trust/trusted-path.ts';
import { failure, ok, warning, type Check } from '../check.ts';
import { lstatIfExists } from '../../system/files/path-lookup.ts';
import type { DoctorContext } from '../doctor-context.ts';

/**
 * Checks the daemon's socket and the daemon that answers. Never starts a daemon. Throws `socket-path-too-long`,
 * `permissions-too-open`.
 */
export async function checkSocket(paths: Paths, subject: DoctorContext): Promise<Check[]> {
  const { runtimeUnusable } = paths;
  const ignored =
    runtimeUnusable === undefined ? [] : [warning('socket', runtimeUnusable.replace(/\.$/, ''), UNSET)];
  return [...ignored, ...(await checkSocketAt(paths, subject))];
}

const UNSET =
  'You need not do anything: the socket is in the state directory. To avoid this warning, unset XDG_RUNTIME_DIR.';

async function checkSocketAt({ socket }: Paths, subject: DoctorContext): Promise<Check[]> {
  assertSocketPath(socket);
  openTrusted({ path: dirname(socket), purpose: SOCKET, need: 'private' })?.close();
  const found = lstatIfExists(socket);
  if (found === undefined)
    return [ok('socket', `the daemon is not running; the next command that needs it starts it at ${socket}`)];
  if (!found.isSocket())
    return [failure('socket', `${socket} exists and is not a socket`, 'Move it to another place.')];
  try {
    const health = await connect(socket, subject.limitMs).call<Health>('GET', '/v1/health');
    return [judge(socket, health, subject)];
  } catch (error) {
    if (error instanceof EscrowError && systemCode(error.cause) === 'ECONNREFUSED')
      return [
        ok(
          'socket',
          `the daemon is not running; a killed daemon left ${socket}, and the next daemon replaces it`,
        ),
      ];
    throw error;
  }
}

function judge(
  socket: string,
  { version = 'unknown', ledger, pendingRemovals = 0 }: Health,
  subject: DoctorContext,
): Check {
  const found = `the daemon, version ${version}, answers at ${socket}`;
  if (ledger !== 'ok')
    return failure(
      'socket',
      `${found}, but its ledger is unavailable`,
      'Run `nf-escrow daemon logs` to see the cause.',
    );
  if (version !== subject.version)
    return warning(
      'socket',
      `${found}; this command has version ${subject.version}`,
      'Run `nf-escrow daemon stop`. The next command starts the new version, and runs continue.',
    );
  if (pendingRemovals > 0)
    return warning(
      'socket',
      `${found}; it retries ${String(pendingRemovals)} pending removals`,
      'Run `nf-escrow status` to see their runs.',
    );
  return ok('socket', found);
}
