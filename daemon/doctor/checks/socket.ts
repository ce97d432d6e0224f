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

/** The daemon's socket, and who answers there. Throws `socket-path-too-long`, `permissions-too-open`. None is started. */
export async function checkSocket({ socket }: Paths, subject: DoctorContext): Promise<Check[]> {
  assertSocketPath(socket);
  openTrusted({ path: dirname(socket), purpose: SOCKET, need: 'private' })?.close();
  const found = lstatIfExists(socket);
  if (found === undefined)
    return [ok('socket', `no daemon runs; the first command that needs one starts it at ${socket}`)];
  if (!found.isSocket())
    return [failure('socket', `${socket} is there and is not a socket`, 'Move it away.')];
  try {
    const health = await connect(socket, subject.limitMs).call<Health>('GET', '/v1/health');
    return [judge(socket, health, subject)];
  } catch (error) {
    if (error instanceof EscrowError && systemCode(error.cause) === 'ECONNREFUSED')
      return [
        ok(
          'socket',
          `no daemon runs; ${socket} is left of one that was killed, and the next one replaces it`,
        ),
      ];
    throw error;
  }
}

function judge(socket: string, { version, ledger, pendingRemovals }: Health, subject: DoctorContext): Check {
  const found = `the daemon, version ${version}, answers at ${socket}`;
  if (ledger !== 'ok')
    return failure(
      'socket',
      `${found}: its ledger is unavailable`,
      'daemon.log in the state directory says why.',
    );
  if (version !== subject.version)
    return warning(
      'socket',
      `${found}; this command is ${subject.version}`,
      '`nf-escrow daemon stop`: the next command starts the new one, and runs go on.',
    );
  if (pendingRemovals > 0)
    return warning(
      'socket',
      `${found}; ${String(pendingRemovals)} removals are pending and tried again`,
      '`nf-escrow status` says of which runs.',
    );
  return ok('socket', found);
}
