import { connect } from '../../api-client/client.ts';
import type { Paths } from '../../config/paths.ts';
import type { ExposureList } from '../../contract/types.ts';
import { lstatIfExists } from '../../system/files/path-lookup.ts';
import { ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

const NAME = 'exposed values';
const SHOWN = 5;

/** Checks for secrets whose values were found in files of runs. Returns nothing if the daemon is not running. */
export async function checkExposures({ socket }: Paths, { limitMs }: DoctorContext): Promise<Check[]> {
  if (lstatIfExists(socket)?.isSocket() !== true) return [];
  let list;
  try {
    list = await connect(socket, limitMs).call<ExposureList>('GET', '/v1/exposures');
  } catch {
    return []; // the socket check reports the problem
  }
  if (list.exposures.length === 0) return [ok(NAME, 'no values of secrets were found in files of runs')];
  const shown = list.exposures
    .slice(0, SHOWN)
    .map(
      ({ secret, process, run, runName }) =>
        `${secret} from ${process ?? 'the run itself'} (run ${runName ?? run})`,
    );
  const more = list.exposures.length > SHOWN ? `, and ${String(list.exposures.length - SHOWN)} more` : '';
  return [
    warning(
      NAME,
      `files of runs contain values of secrets: ${shown.join('; ')}${more}`,
      'Delete the files that `nf-escrow runs receipt RUN` names, and rotate the secrets. In the process, declare `secret \'NAME\'` and use "$NAME" in the script instead of ${secrets.NAME}.',
    ),
  ];
}
