import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { RunList } from '../../../../daemon/contract/types.ts';
import { charliecloud, IMAGE, makeRoot, podman } from '../../../support/containers.ts';
import { corpus } from '../../../support/hard-values.ts';
import { realNextflow, root, Sandbox, type Environment } from '../../../support/sandbox.ts';

const SIZE = 700;
const isText = (value: Buffer): boolean => value.equals(Buffer.from(value.toString('utf8')));
const isPlain = (value: Buffer): boolean => /^[A-Za-z0-9_./:@%+=,-]*$/.test(value.toString('latin1'));
const hash = (value: Buffer): string => createHash('sha256').update(value).digest('hex');

type Values = ReadonlyMap<string, Buffer>;

/** A value that is not UTF-8 text, and a value that no process declares. GIVEN declares neither. */
const RAW = Buffer.from([0x61, 0xff, 0x60, 0x0d, 0x0a, 0xc3]);
const FOREIGN = 'never-declared';

/** Task script: writes the names of its environment variables, and the SHA-256 of each of our values. */
const SCRIPT = `
  export LC_ALL=C
  while IFS= read -r -d '' entry; do
    sum=-
    case $entry in V[0-9]*) sum=$(printf %s "\${entry#*=}" | sha256sum) ;; esac
    printf '%s %s\\n' "\${entry%%=*}" "\${sum%% *}"
  done </proc/self/environ >variables
`;

/** Returns the settings of a process that declares these secrets. */
function process(names: Iterable<string>, settings = ''): string {
  const list = [...names].map((name) => `'${name}'`).join(', ');
  return `secret = [${list}]; errorStrategy = 'ignore'; ${settings}`;
}

interface ContainerRun {
  readonly engine: string;
  readonly image: string;
  readonly values: Values;
  /** Settings by process. */
  readonly processes: Readonly<Record<string, string>>;
  readonly env: Environment;
}

/** Runs a pipeline of these processes and of BARE, which has no container and declares a value that is not text. */
async function run(
  t: Test,
  box: Sandbox,
  { engine, image, values, processes, env }: ContainerRun,
): Promise<void> {
  const all = { ...processes, BARE: process(['RAW_KEY'], 'container = null') };
  const names = Object.keys(all);
  const one = (name: string): string => `process ${name} {
  publishDir params.out, saveAs: { 'variables.${name}' }
  output:
  path 'variables'
  script:
  '''${SCRIPT}'''
}
`;
  const pipeline = `${names.map(one).join('')}workflow {\n${names.map((name) => `  ${name}()`).join('\n')}\n}\n`;
  writeFileSync(join(box.launch, 'main.nf'), pipeline);
  const selectors = Object.entries(all).map(([name, settings]) => `  withName: '${name}' { ${settings} }`);
  const config = `params.out = '${box.launch}/out'
${engine}
process {
  container = '${image}'
${selectors.join('\n')}
}
`;
  writeFileSync(join(box.launch, 'nextflow.config'), config);
  await box.escrow(['daemon', 'start']);
  const given = [...values, ['RAW_KEY', RAW] as const, ['FOREIGN_KEY', Buffer.from(FOREIGN)] as const];
  const secrets = given.map(([name, value]) => ({ name, valueBase64: value.toString('base64') }));
  const body = { secrets, onConflict: 'refuse' };
  const answer = await box.http('POST', '/v1/workspaces/local/main/secrets/import', body);
  t.equal(answer.status, 200, answer.text.slice(0, 300));
  const { status, stdout, stderr } = await box.escrow(['run', 'main.nf'], { env });
  t.equal(status, 0, `${stdout}${stderr}`);
  t.ok(variablesOf(box, 'BARE')?.has('RAW_KEY'), 'a task without a container receives any value');
  t.same(readdirSync(join(box.state, 'runs')), []);
  t.match((await box.json<RunList>(['runs', 'list'])).runs[0], { state: 'purged', pendingRemovals: 0 });
  t.same(box.filesWith(FOREIGN), []);
}

/** Returns what a task wrote, by variable, or undefined if it did not run. */
function variablesOf(box: Sandbox, name: string): Map<string, string> | undefined {
  const file = join(box.launch, 'out', `variables.${name}`);
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return new Map(lines.map((line) => line.split(' ') as [string, string]));
}

/** Asserts that a task received exactly these secrets, byte for byte. */
function isGiven(t: Test, box: Sandbox, name: string, values: Values): void {
  const seen = variablesOf(box, name) ?? new Map<string, string>();
  const changed = [...values].filter(([secret, value]) => seen.get(secret) !== hash(value));
  t.comment(`fidelity ${String(values.size - changed.length)} of ${String(values.size)}`);
  const shown = changed.map(([secret, value]) => `${secret} ${value.subarray(0, 20).toString('hex')}`);
  t.same(shown, [], `${name}: receives unchanged values`);
  const others = [...seen.keys()].filter((variable) => /^V\d|_KEY$/.test(variable) && !values.has(variable));
  t.same(others, [], `${name}: receives no undeclared secret`);
}

/** Asserts that a task was rejected before its start, with one message. */
function isRefused(t: Test, box: Sandbox, name: string, message: string): void {
  t.equal(variablesOf(box, name), undefined, `${name} did not run`);
  t.equal(box.filesWith(message, (path) => !path.endsWith('.command.log')).length, 1, message);
}

function named(values: readonly Buffer[]): Map<string, Buffer> {
  return new Map(values.map((value, index) => [`V${String(index).padStart(4, '0')}`, value]));
}

void t.test('Podman: delivers text byte for byte, and rejects other values by name', async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  const box = new Sandbox(t, nextflow);
  const env = podman(t, box);
  if (env === undefined) return;
  const values = named(corpus(SIZE).filter(isText));
  const processes = { GIVEN: process(values.keys()), RAW: process(['RAW_KEY']) };
  await run(t, box, { engine: 'podman.enabled = true', image: IMAGE, values, processes, env });
  isGiven(t, box, 'GIVEN', values);
  const message = 'nf-escrow: cannot pass RAW_KEY unchanged to podman: it supports only UTF-8 text';
  isRefused(t, box, 'RAW', message);
});

void t.test('Charliecloud: delivers plain values, and rejects others by name', async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  const box = new Sandbox(t, nextflow);
  const image = makeRoot(join(box.directory, 'storage/img/image'));
  const env = charliecloud(t, box, image);
  if (env === undefined) return;
  const values = named([Buffer.from('AKIA/abc+def==:x@y.z,100%'), ...corpus(SIZE).filter(isPlain)]);
  const processes = { GIVEN: process(values.keys()), RAW: process(['RAW_KEY']) };
  // writeFake requires a newer Charliecloud than the one in Debian 12.
  const engine = 'charliecloud { enabled = true; writeFake = false }';
  await run(t, box, { engine, image, values, processes, env });
  isGiven(t, box, 'GIVEN', values);
  isRefused(t, box, 'RAW', 'nf-escrow: cannot pass RAW_KEY unchanged to ch-run: it supports only letters');
});

void t.test('Singularity: delivers plain values, and any text with --no-eval', async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  const box = new Sandbox(t, nextflow);
  const env = { PATH: `${join(root, 'test/support/bin/engines')}:${box.env['PATH'] ?? ''}` };
  const image = join(box.directory, 'image.sif');
  writeFileSync(image, '');
  const code = Buffer.from('touch pwned;`touch pwned` $(touch pwned)');
  // Each value also occurs in the arguments of env(1). The longest are omitted, so that the rest fits.
  const texts = corpus(SIZE).filter(
    (value) => isText(value) && !value.includes('\r\n') && value.length < 1024,
  );
  const values = named([code, ...texts]);
  const plain = new Map([...values].filter(([, value]) => isPlain(value)));
  const noEval = "containerOptions = '--no-eval'";
  const processes = {
    GIVEN: process(plain.keys()),
    RAW: process(['RAW_KEY']),
    CODE: process(['V0000']),
    NO_EVAL: process(values.keys(), noEval),
    NO_EVAL_RAW: process(['RAW_KEY'], noEval),
  };
  await run(t, box, { engine: 'singularity.enabled = true', image, values, processes, env });
  isGiven(t, box, 'GIVEN', plain);
  isGiven(t, box, 'NO_EVAL', values);
  const hint =
    "unchanged to singularity: it evaluates values; set singularity.runOptions = '--no-eval', or change the value";
  isRefused(t, box, 'RAW', `nf-escrow: cannot pass RAW_KEY ${hint}`);
  isRefused(t, box, 'CODE', `nf-escrow: cannot pass V0000 ${hint}`);
  const limit = 'unchanged to singularity: it supports only UTF-8 text without CR LF';
  isRefused(t, box, 'NO_EVAL_RAW', `nf-escrow: cannot pass RAW_KEY ${limit}`);
  const files = readdirSync(box.directory, { recursive: true, encoding: 'utf8' });
  t.same(
    files.filter((path) => path.endsWith('pwned')),
    [],
    'executes no code from values',
  );
});
