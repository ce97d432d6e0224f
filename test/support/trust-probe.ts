// Opens trusted paths. The argument is a JSON list of requests; prints the outcomes as JSON.
import { STATE } from '../../daemon/system/files/trust/trust-error.ts';
import { openTrusted } from '../../daemon/system/files/trust/trusted-path.ts';
import { asEscrowError } from '../../daemon/errors.ts';
import type { Outcome, Wanted } from './shared-group.ts';

const outcomes = (JSON.parse(process.argv[2] ?? '[]') as Wanted[]).map((wanted): Outcome => {
  try {
    const directory = openTrusted({ need: 'private', ...wanted, purpose: STATE });
    const found = directory === undefined ? 'absent' : directory.path;
    directory?.close();
    return { found };
  } catch (error) {
    const { code, message, hint } = asEscrowError(error);
    return { code, message, hint };
  }
});
process.stdout.write(JSON.stringify(outcomes));
