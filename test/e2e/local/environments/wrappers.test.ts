// Site wrappers around nextflow: of an old version, with an empty environment, without Java.
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { accepts, newestRun } from '../../../support/hostile.ts';
import { realNextflow, root, Sandbox } from '../../../support/sandbox.ts';

const fake = join(root, 'test/support/bin/nextflow');

/** Writes a wrapper and returns its path. `$REAL` is the nextflow that it starts. */
function wrapper(box: Sandbox, name: string, text: string, real = fake): string {
  const path = join(box.directory, 'site', name);
  mkdirSync(join(box.directory, 'site'), { recursive: true });
  writeFileSync(path, `#!/bin/bash\n${text.replaceAll('$REAL', real)}\n`, { mode: 0o755 });
  return path;
}

async function withSecret(t: Test, nextflow?: string): Promise<{ box: Sandbox; value: string }> {
  const box = new Sandbox(t, nextflow);
  box.env['NXF_PLUGINS_DEFAULT'] = ''; // the plugin is used if the version is new enough
  const value = randomBytes(12).toString('hex');
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: value });
  return { box, value };
}

/** What Nextflow before 24.10 does with a plugin that requires 24.10: it prints this and ends. */
const REFUSING = `case "$NXF_PLUGINS_DEFAULT" in *nf-escrow*) echo 'Failed requirement - plugin nf-escrow requires Nextflow >=24.10.0' >&2; exit 1;; esac`;
const COUNTED = 'case "$*" in *-v*) echo asked >>"$0.asked";; esac';

void t.test('a wrapper of a Nextflow that is too old falls back to the format of Nextflow', async (t) => {
  const { box, value } = await withSecret(t);
  const answers = [
    ["echo 'nextflow version 23.10.1.5891'; exit 0", /because Nextflow 23\.10\.1 is older than 24\.10/],
    [
      "printf 'Loading nextflow/22.04.5\\n  nextflow version 22.04.5.5708\\n'; exit 0",
      /because Nextflow 22\.04\.5 is older/,
    ],
    ['exit 3', /because `.*\/wrapped -v` prints no version/],
    ['echo unknown; exit 0', /because `.*\/wrapped -v` prints no version/],
  ] as const;
  for (const [answer, said] of answers) {
    const text = `${COUNTED}\ncase "$*" in *-v) ${answer};; esac\n${REFUSING}\nexec $REAL "$@"`;
    const NF_ESCROW_NEXTFLOW = wrapper(box, 'wrapped', text);
    for (const env of [{ NF_ESCROW_NEXTFLOW }, { NF_ESCROW_NEXTFLOW, NXF_VER: '24.10.0' }]) {
      const end = await box.escrow(['run', 'grep -o "[0-9a-f]\\{24\\}" "$NXF_SECRETS_FILE"'], { env });
      t.equal(end.status, 0, end.stderr);
      t.equal(end.stdout.trim(), value, 'the run gets its secret');
      t.match(end.stderr, said);
    }
  }
  t.same(box.filesWith(value), []);
});

void t.test('a wrapper is asked for its version once, and again after a change', async (t) => {
  const { box } = await withSecret(t);
  const text = `${COUNTED}\ncase "$*" in *-v) echo 'nextflow version 23.10.1.5891'; exit 0;; esac\nexec $REAL "$@"`;
  const NF_ESCROW_NEXTFLOW = wrapper(box, 'counted', text);
  const asked = (): number => readFileSync(`${NF_ESCROW_NEXTFLOW}.asked`, 'utf8').trim().split('\n').length;
  for (let runs = 0; runs < 3; runs += 1)
    await accepts(t, box, ['run', 'true'], { env: { NF_ESCROW_NEXTFLOW } });
  t.equal(asked(), 1);
  wrapper(box, 'counted', `${text}\n# another version`);
  await accepts(t, box, ['run', 'true'], { env: { NF_ESCROW_NEXTFLOW } });
  t.equal(asked(), 2);
  t.notOk(existsSync(join(box.launch, 'log')), 'the question writes nothing into the launch directory');
});

void t.test('reports a run whose variables never reached Nextflow', async (t) => {
  const { box, value } = await withSecret(t);
  box.env['NXF_PLUGINS_DEFAULT'] = 'false'; // without the plugin, whose absence would be noticed too
  copyFileSync('/bin/bash', join(box.directory, 'java')); // what nf-escrow takes for Nextflow's JVM
  // eslint-disable-next-line no-restricted-syntax -- nothing shows when nf-escrow has looked at the processes
  const waits = 'sleep 2; echo "ran: $NXF_SECRETS_FILE"';
  const cases: readonly (readonly [title: string, text: string, isLost: boolean])[] = [
    ['exec env -i', 'exec env -i PATH="$PATH" $REAL "$@"', true],
    ['env -i in a child', `env -i PATH="$PATH" ${box.directory}/java $REAL "$@"`, true],
    ['unset in a child', `unset NXF_SECRETS_FILE; ${box.directory}/java $REAL "$@"`, true],
    ['nothing', 'exec $REAL "$@"', false],
    ['another variable', `unset LANG; ${box.directory}/java $REAL "$@"`, false],
  ];
  for (const [title, text, isLost] of cases) {
    const nextflow = wrapper(box, 'clearing', text);
    const end = await box.escrow(['run', waits], { env: { NF_ESCROW_NEXTFLOW: nextflow } });
    t.equal(end.status, 0, `${title}: the status is that of nextflow`);
    t.equal(
      /the secrets of the run never reached Nextflow: .*clearing/.test(end.stderr),
      isLost,
      `${title}: ${end.stderr}`,
    );
    t.equal(end.stdout.trim() === 'ran:', isLost, title);
  }
  t.same(box.filesWith(value), []);
});

void t.test("a real Nextflow that did not load the plugin is recorded in the run's outcome", async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  const { box, value } = await withSecret(t, nextflow);
  writeFileSync(join(box.launch, 'main.nf'), "println 'hello'\n");
  const text = `exec env -i PATH="$PATH" HOME="$HOME" NXF_HOME="$NXF_HOME" NXF_OFFLINE=true $REAL "$@"`;
  const NF_ESCROW_NEXTFLOW = wrapper(box, 'cleared', text, nextflow);
  const end = await box.escrow(['run', 'main.nf'], { env: { NF_ESCROW_NEXTFLOW } });
  t.match(end, { status: 0, stderr: /the secrets of the run never reached Nextflow/ });
  t.match(await newestRun(box), {
    state: 'purged',
    outcome: 'succeeded',
    outcomeEvidence: /Nextflow did not load nf-escrow's plugin, so the run got no secrets/,
  });
  const fine = await box.escrow(['run', 'main.nf']);
  t.equal(fine.status, 0, fine.stderr);
  t.equal((await newestRun(box)).outcomeEvidence, 'exit status 0');
  t.same(box.filesWith(value), []);
});

void t.test('a launcher that cannot find Java points to doctor', async (t) => {
  const { box, value } = await withSecret(t);
  const tools = join(box.directory, 'tools');
  mkdirSync(tools);
  for (const name of ['bash', 'env', 'sh', 'cat']) symlinkSync(join('/bin', name), join(tools, name));
  const withoutJava = { PATH: tools, JAVA_HOME: '', JAVA_CMD: '', NXF_JAVA_HOME: '' };
  for (const [text, status, said] of [
    [
      'exec java-of-the-site "$@"',
      127,
      /a program was not found \(status 127\): Java was not found\..* nf-escrow doctor/,
    ],
    ['exec /etc/passwd', 126, /a program could not be executed \(status 126\): .* nf-escrow doctor/],
    [
      'echo "NOTE: Nextflow is trying to use the Java VM" >&2; exit 1',
      1,
      /status 1: Java was not found\..* nf-escrow doctor/,
    ],
    ['exit 3', 3, undefined],
  ] as const) {
    const NF_ESCROW_NEXTFLOW = wrapper(box, 'without-java', text);
    for (const args of [
      ['run', 'x'],
      ['nextflow', 'log'],
    ]) {
      const end = await box.escrow(args, { env: { ...withoutJava, NF_ESCROW_NEXTFLOW } });
      t.equal(end.status, status, end.stderr);
      if (said === undefined) t.notMatch(end.stderr, 'doctor');
      else t.match(end.stderr, said, args.join(' '));
    }
  }
  t.same(box.filesWith(value), []);
});
