// A daemon with a fault in it: the product's rooms, put together as main.ts does, with real faults. FAULT_POINT names
// where; FAULT_KIND what: `kill` (SIGKILL of itself) or `error` (an I/O error, once). Each point that is reached is
// written to FAULT_LOG.
import { appendFileSync } from 'node:fs';
import { loadSettings } from '../../daemon/config/settings.ts';
import { ensurePrivateDirectory } from '../../daemon/host/private-directory.ts';
import { takeLock } from '../../daemon/ledger/lock.ts';
import type { Faults } from '../../daemon/runs/faults.ts';
import { serve } from '../../daemon/serve.ts';

process.umask(0o077);
const { FAULT_POINT: wanted, FAULT_KIND: kind, FAULT_LOG: log = '/dev/null' } = process.env;
let done = false;

const faults: Faults = async (point) => {
  appendFileSync(log, `${point}\n`);
  if (point !== wanted || done) return;
  done = true;
  if (kind === 'kill') process.kill(process.pid, 'SIGKILL');
  throw Object.assign(new Error('a fault of the test'), { code: 'EIO' });
};

const settings = await loadSettings(process.env);
ensurePrivateDirectory(settings.paths.state);
const lock = takeLock(settings.paths.daemonLock);
if (lock === undefined) throw new Error('there is a daemon already');
await serve(settings, faults, '0.0.0');
lock.release();
