import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { skipUnlessRequired } from '../skip-unless-required.ts';

/** Listens on a free port. Ends with its parent process, even after SIGKILL: prctl(2), PR_SET_PDEATHSIG. */
const SERVER = `
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
if os.getppid() != int(sys.argv[1]): sys.exit(1)
from moto.server import main
main(['-H', '127.0.0.1', '-p', '0'])
`;

/** Starts moto on loopback for one test and returns its address. Without moto, skips the test and returns undefined. */
export async function startMoto(t: Test): Promise<string | undefined> {
  const python = process.env['NF_ESCROW_TEST_MOTO'];
  if (python === undefined) {
    skipUnlessRequired(t, 'moto is not installed (NF_ESCROW_TEST_MOTO is not set)');
    return undefined;
  }
  const child = spawn(python, ['-c', SERVER, String(process.pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const lines = createInterface({ input: child.stderr });
  const address = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      const found = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line);
      if (found?.[1] !== undefined) resolve(found[1]);
    });
    child.on('error', reject).on('exit', () => reject(new Error('moto exited during startup')));
  });
  // moto completes submitted jobs immediately. Tests that need running jobs use batch-agent.ts.
  await fetch(`${address}/moto-api/config`, { method: 'POST', body: '{"batch":{"use_docker":false}}' });
  return address;
}
