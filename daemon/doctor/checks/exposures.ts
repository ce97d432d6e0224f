import { connect } from '../../api-client/client.ts';
import type { Paths } from '../../config/paths.ts';
import type { ExposureList } from '../../contract/types.ts';
import { lstatIfExists } from '../../system/files/path-lookup.ts';
import { ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

const NAME = 'pipelines';
const SHOWN = 5;

/** Secrets whose values are in files that runs wrote. Asked of the daemon; where none runs nothing is said. */
export async function checkExposures({ socket }: Paths, { limitMs }: DoctorContext): Promise<Check[]> {
  if (lstatIfExists(socket)?.isSocket() !== true) return [];
  let list;
  try {
    list = await connect(socket, limitMs).call<ExposureList>('GET', '/v1/exposures');
  } catch {
    return []; // the check of the socket says what is wrong with it
  }
  if (list.exposures.length === 0)
    return [ok(NAME, 'no run is known to have written the value of a secret into its files')];
  const shown = list.exposures
    .slice(0, SHOWN)
    .map(
      ({ secret, process, run, runName }) =>
        `${secret} by ${process ?? 'the run itself'} (run ${runName ?? run})`,
    );
  const more = list.exposures.length > SHOWN ? `, and ${String(list.exposures.length - SHOWN)} more` : '';
  return [
    warning(
      NAME,
      `files that runs wrote hold values: ${shown.join('; ')}${more}`,
      'Have the script read "$NAME" with `secret \'NAME\'`, not ${secrets.NAME}; delete the files that `nf-escrow runs receipt RUN` names, and change the values.',
    ),
  ];
}
