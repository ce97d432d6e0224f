import { deepEqual, doesNotThrow } from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { Context } from '../../../daemon/cli/context.ts';
import { launch } from '../../../daemon/cli/launch/launch.ts';
import { buildProgram } from '../../../daemon/cli/program.ts';
import { showChecks } from '../../../daemon/cli/commands/doctor.ts';
import { reportCrash, reportError } from '../../../daemon/cli/io/output.ts';
import { asEscrowError } from '../../../daemon/errors.ts';
import type { DoctorReport, RunRequest } from '../../../daemon/contract/types.ts';
import { hostileContext } from '../../support/hostile-daemon.ts';
import { harmfulIn, hostileTexts } from '../../support/hostile-text.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

process.chdir(temporaryDirectory(t)); // `shim` and `config set` write files
// `doctor` does not examine the state of the user who runs the tests, and not this machine's Java and scheduler, which are
// slow.
process.env['NF_ESCROW_HOME'] = join(process.cwd(), 'home');
process.env['PATH'] = process.cwd();

/**
 * Commands that print text from the daemon, a setting or a file. test/e2e covers those that follow files. `doctor --probe` is
 * excluded, because it would use the fake data; its output has the same form as that of other checks.
 */
const COMMANDS: readonly (readonly string[])[] = [
  ['runs', 'list'],
  ['runs', 'list', '--json'],
  ['runs', 'tasks', 'NAME'],
  ['runs', 'tasks', 'NAME', '--json'],
  ['runs', 'show', 'NAME'],
  ['runs', 'show', 'NAME', '--json'],
  ['runs', 'receipt', 'NAME'],
  ['runs', 'receipt', 'NAME', '--check'],
  ['runs', 'receipt', 'NAME', '--json'],
  ['runs', 'cancel', 'NAME'],
  ['runs', 'purge', 'NAME'],
  ['runs', 'purge', 'NAME', '--force', '--yes'],
  ['runs', 'prune', '--yes'],
  ['status'],
  ['status', '--json'],
  ['doctor'],
  ['doctor', '--json'],
  ['sweep'],
  ['sweep', '--yes'],
  ['sweep', '--json'],
  ['secrets', 'list'],
  ['secrets', 'list', '--user', '--json'],
  ['secrets', 'show', 'NAME'],
  ['secrets', 'remove', 'NAME', '--yes'],
  ['orgs', 'list'],
  ['orgs', 'list', '--json'],
  ['orgs', 'show', 'NAME'],
  ['orgs', 'create', 'NAME'],
  ['orgs', 'remove', 'NAME', '--yes'],
  ['workspaces', 'list'],
  ['workspaces', 'list', '--json'],
  ['workspaces', 'show', 'lab/NAME'],
  ['workspaces', 'create', 'lab/NAME'],
  ['workspaces', 'remove', 'lab/NAME', '--yes'],
  ['compute-envs', 'list'],
  ['compute-envs', 'list', '--json'],
  ['compute-envs', 'show', 'NAME'],
  ['compute-envs', 'create', 'NAME', '--platform', 'NAME'],
  ['compute-envs', 'create', 'NAME', '--platform', 'hpc'],
  ['compute-envs', 'update', 'NAME', '--default'],
  ['compute-envs', 'remove', 'NAME', '--yes'],
  ['config', 'list'],
  ['config', 'list', '--json'],
  ['config', 'get', 'NAME'],
  ['config', 'get', 'runsDir'],
  ['config', 'set', 'nextflow', 'NAME'],
  ['use', 'lab/NAME'],
  ['audit'],
  ['audit', '--json'],
  ['vault', 'status'],
  ['vault', 'status', '--json'],
  ['vault', 'rekey'],
  ['daemon', 'status'],
  ['daemon', 'status', '--json'],
  ['shim', 'NAME'],
  ['iam', 'check', '--compute-env', 'NAME'],
  ['iam', 'render', '--account', 'NAME', '--execution-role-name', 'NAME'],
  ['iam', 'render', '--account', 'NAME', '--execution-role-name', 'NAME', '--cloudformation'],
  ['aws-credentials', '--compute-env', 'NAME'],
  ['completion', 'NAME'],
  ['completion', 'zsh'],
  ['runs', '--help'],
  ['NAME'],
  ['NAME.nf'],
  ['runs', 'NAME'],
  ['runs', 'list', '--NAME'],
  ['runs', 'list', '--json=NAME'],
];

/** Separates the cells of listings in a pipe. test/unit/cli/table.test.ts shows that cells contain none. */
const TAB = '\t';

/** Commands that print none of the hostile text, so nothing is escaped. */
const OURS = [
  'doctor',
  'doctor --json',
  'completion zsh',
  'runs --help',
  'runs prune --yes',
  'runs list --json=NAME', // the value of a wrong option may be a secret
];

/** Commands that print only errors or help. */
const REFUSED = [
  'iam render --account NAME --execution-role-name NAME',
  'iam render --account NAME --execution-role-name NAME --cloudformation',
  'aws-credentials --compute-env NAME',
  'secrets show NAME',
  'compute-envs create NAME --platform NAME',
  'config get NAME',
  'use lab/NAME',
  'completion NAME',
  'runs --help',
  'NAME',
  'NAME.nf',
  'runs NAME',
  'runs list --NAME',
  'runs list --json=NAME',
];

/** Returns what `work` prints on both streams. */
async function printed(work: () => unknown): Promise<{ out: string; err: string }> {
  const [out, err] = [process.stdout, process.stderr].map((stream) => {
    const own = stream.write.bind(stream);
    const parts: string[] = [];
    stream.write = (chunk: string | Uint8Array): boolean => parts.push(Buffer.from(chunk).toString()) > 0;
    return { parts, restore: (): unknown => (stream.write = own) };
  });
  try {
    await work();
  } finally {
    out?.restore();
    err?.restore();
    process.exitCode = 0; // doctor fails a command without an error
  }
  return { out: out?.parts.join('') ?? '', err: err?.parts.join('') ?? '' };
}

/** Returns what `work` prints, and like main.ts reports what it throws. Commander has already printed its own errors. */
async function printedWithError(
  work: () => unknown,
): Promise<{ out: string; err: string; succeeded: boolean }> {
  let succeeded = false;
  const texts = await printed(async () => {
    try {
      await work();
      succeeded = true;
    } catch (error) {
      if (!(error instanceof Error && 'exitCode' in error)) reportError(asEscrowError(error));
    }
  });
  return { ...texts, succeeded };
}

/** Asserts that no text of a hostile context makes `work` print harmful characters on either stream. */
async function assertHarmless(t: Test, work: (context: Context) => unknown): Promise<void> {
  let escaped = 0;
  await fc.assert(
    fc.asyncProperty(fc.gen(), async (g) => {
      const context = hostileContext(g);
      const { out, err } = await printedWithError(() => work(context));
      deepEqual(harmfulIn(out + err), []);
      if (/\\u/.test(out)) escaped += 1;
    }),
    { numRuns: 30 },
  );
  t.ok(escaped > 0, 'the output contained escapes');
}

for (const command of COMMANDS) {
  const name = command.join(' ');
  void t.test(`nf-escrow ${name}: escapes terminal control characters`, async (t) => {
    let [escaped, succeeded] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.gen(), fc.constantFrom(...hostileTexts), async (g, text) => {
        const context = hostileContext(g);
        const args = command.map((word) => word.replace('NAME', () => `x${text}`));
        const { out, err, ...ended } = await printedWithError(async () =>
          (await buildProgram(context, args)).parseAsync(args, { from: 'user' }),
        );
        succeeded += Number(ended.succeeded);
        deepEqual(harmfulIn(out.replaceAll(TAB, ' ') + err), []);
        deepEqual((out + err).match(/^nf-escrow: forged/m), null, 'hostile text cannot start a line');
        if (args.includes('--json') && out !== '') doesNotThrow(() => JSON.parse(out) as unknown);
        if (/\\u/.test(out + err)) escaped += 1;
      }),
      { numRuns: 30 },
    );
    if (!OURS.includes(name)) t.ok(escaped > 0, 'the output contained escapes');
    t.equal(succeeded > 0, !REFUSED.includes(name), 'the command succeeded at least once');
  });
}

void t.test('escapes the results of checks', (t) =>
  assertHarmless(t, async (context) => {
    const daemon = await context.daemon();
    showChecks((await daemon.call<DoctorReport>('POST', '/v1/compute-envs/NAME/check')).checks);
  }),
);

void t.test('escapes the plan of a run', (t) =>
  assertHarmless(t, (context) =>
    launch(context, { explain: true, job: {} } as unknown as RunRequest, { background: false, json: false }),
  ),
);

void t.test('escapes expected and uncaught errors', async (t) => {
  for (const text of hostileTexts) {
    const { err } = await printed(() => {
      reportError(asEscrowError(new Error(text)));
      reportCrash(new Error(text));
    });
    t.same(harmfulIn(err), []);
    t.match(err, /^nf-escrow: .*\n +See `nf-escrow daemon logs` .*\nnf-escrow: Error: .*\n {4}at /);
  }
});
