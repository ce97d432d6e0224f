import { mkdirSync, readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { RUN_OPTIONS } from '../../../daemon/cli/launch/run-options.ts';
import { buildTree } from '../../../daemon/cli/completion/build-tree.ts';
import { TREE_FILE } from '../../../daemon/cli/completion/command-tree.ts';
import { findCompletion } from '../../../daemon/cli/completion/find-candidates.ts';
import { runOptions } from '../../../daemon/nextflow/launcher/options.ts';
import { readOnLost } from '../../../daemon/config/on-lost.ts';
import type { RunList } from '../../../daemon/contract/types.ts';
import { accepts, refuses } from '../../support/hostile.ts';
import { launcher, Sandbox, root, until } from '../../support/sandbox.ts';

const tree = await buildTree();

/** Returns the words that `complete` prints for a line, and its exit status. */
async function completed(
  box: Sandbox,
  ...words: string[]
): Promise<[status: number | null, words: string[]]> {
  const { status, stdout, stderr } = await box.escrow(['complete', '--', ...words]);
  if (stderr !== '') throw new Error(stderr);
  const lines = stdout.split('\n').slice(0, -1);
  return [status, lines.map((line) => line.replace(/\t.*/, ''))];
}

/** A sandbox with runs, secrets, a workspace and a compute environment. */
async function filled(t: Test): Promise<{ box: Sandbox; run: RunList['runs'][number] }> {
  const box = new Sandbox(t);
  box.command = [launcher];
  box.env['NF_ESCROW_NODE'] = process.execPath;
  for (const [name, ...options] of [['FOO_KEY'], ['BAR_KEY'], ['MINE_KEY', '--user'], ['RNA_KEY']] as const) {
    if (name === 'RNA_KEY') {
      await accepts(t, box, ['orgs', 'create', 'lab']);
      await accepts(t, box, ['workspaces', 'create', 'lab/rna']);
    }
    const scope = name === 'RNA_KEY' ? ['--workspace', 'lab/rna'] : options;
    await accepts(t, box, ['secrets', 'set', name, ...scope], { input: 'value' });
  }
  await accepts(t, box, ['compute-envs', 'create', 'cluster', '--platform', 'hpc']);
  await accepts(t, box, ['run', 'true']);
  const run = await until('the run has a name', async () => {
    const { runs } = await box.json<RunList>(['runs', 'list']);
    return runs.find(({ runName }) => runName !== null);
  });
  return { box, run };
}

void t.test('completes commands, options and fixed values', async (t) => {
  const cases: [string, string[]][] = [
    ['sec', ['secrets']],
    ['secrets s', ['set', 'show']],
    ['secrets rm --y', ['--yes']],
    ['runs list --st', ['--state']],
    ['runs list --state op', ['open']],
    ['runs list --state=op', ['open']],
    ['runs list --outcome f', ['failed']],
    ['runs list --time e', ['exact']],
    ['secrets import --from d', ['dotenv']],
    ['compute-envs create x --platform a', ['aws-batch']],
    ['compute-envs create x --executor sl', ['slurm']],
    ['compute-envs create x --layout per', ['per-secret']],
    ['compute-envs update x --unset run', ['runs-dir']],
    ['completion z', ['zsh']],
    ['help ru', ['run', 'runs']],
    ['help runs rec', ['receipt']],
    ['run --ex', ['--explain']],
    ['run --no-secrets --de', ['--detach']],
    ['run --workspace x --de', ['--detach']],
    ['run --workspace=x --de', ['--detach']],
    ['nextflow pul', ['pull']],
    ['nextflow -config-i', ['-config-ignore-includes']],
    ['nextflow -log f ru', ['run']],
    ['nextflow -c f ru', ['run']],
    ['nextflow run main.nf -prof', ['-profile']],
    ['run main.nf -prof', ['-profile']],
    ['run -prof', ['-profile']],
    ['run main.nf -profile x -res', ['-resume']],
    ['run main.nf -with-report -res', ['-resume']],
    ['run -- --odd.nf -res', ['-resume']],
    ['run --json main.nf -res', ['-resume']],
    ['nonsense', []],
    ['nonsense x', []],
    ['secrets show A B', []],
    ['secrets show -- --ye', []],
  ];
  for (const [line, expected] of cases) {
    const words = line.split(' ');
    const last = words.at(-1)?.replace(/^--\w+=/, '') ?? '';
    const found = findCompletion(tree, words);
    const shown = 'words' in found ? found.words.map(({ word }) => word) : [];
    t.same(
      shown.filter((word) => word.startsWith(last)),
      expected,
      line,
    );
  }
});

void t.test('completes files where a file can be', (t) => {
  const files = ['run ', 'run ma', 'run main.nf sam', 'run main.nf --input ', 'run main.nf -params-file '];
  const more = [
    'run -c ',
    'run --nextflow ',
    'shim ',
    'secrets set A --from-file ',
    'vault import ',
    'nextflow config ',
    'run -resume last ',
    'run -resume 4dc656d2-c410-44c8-bc32-7dd0ea87bebf ',
    'run -process.cpus 4 ',
  ];
  for (const line of [...files, ...more])
    t.match(findCompletion(tree, line.split(' ')), { isFile: true }, line);
  t.end();
});

void t.test('offers Nextflow options after the pipeline, and ours before it', (t) => {
  const words = (line: string): string[] => {
    const found = findCompletion(tree, line.split(' '));
    return 'words' in found ? found.words.map(({ word }) => word) : [];
  };
  t.same(words('run main.nf '), Object.keys(runOptions));
  t.same(words('run --').toSorted(), RUN_OPTIONS.toSorted());
  t.ok(words('').includes('run'));
  t.notOk(words('').includes('complete'), 'omits hidden commands');
  t.notOk(words('daemon ').includes('run'));
  t.end();
});

void t.test('the bundle contains the tree of these commands', (t) => {
  t.same(JSON.parse(readFileSync(join(root, TREE_FILE), 'utf8')), JSON.parse(JSON.stringify(tree)));
  t.same(tree.settingValues, {
    onLost: ['purge-now', 'cancel-jobs', 'wait'],
    writableByOthers: ['warn', 'refuse'],
  });
  for (const word of tree.settingValues['onLost'] ?? []) t.ok(readOnLost(word), word);
  t.end();
});

void t.test('completes names that the daemon knows', async (t) => {
  const { box, run } = await filled(t);
  const name = run.runName ?? '';
  const cases: [string, string[]][] = [
    ['runs show ', [name]],
    ['runs cancel fak', [name]],
    [`runs show ${run.id.slice(0, 9)}`, [run.id]],
    ['runs show fak%', []],
    ['runs show f_k', []],
    ['secrets show ', ['BAR_KEY', 'FOO_KEY']],
    ['secrets show --user ', ['MINE_KEY']],
    ['secrets show --workspace lab/rna ', ['RNA_KEY']],
    ['secrets show --workspace=lab/rna ', ['RNA_KEY']],
    ['secrets remove FOO_KEY ', ['BAR_KEY']],
    ['run --only-secret ', ['BAR_KEY', 'FOO_KEY', 'MINE_KEY']],
    ['run --user-secret ', ['MINE_KEY']],
    ['run --workspace-secret F', ['FOO_KEY']],
    ['run --workspace lab/rna --workspace-secret ', ['RNA_KEY']],
    ['use la', ['lab/rna']],
    ['runs list --workspace ', ['lab/rna', 'local/main']],
    ['runs list --workspace=lab', ['--workspace=lab/rna']],
    ['run --compute-env c', ['cluster']],
    ['compute-envs remove ', ['cluster', 'local']],
    ['orgs show la', ['lab']],
    ['config set keep', ['keepRunsDays']],
    ['config set writableByOthers r', ['refuse']],
    ['config set workspace lab', ['lab/rna']],
  ];
  for (const [line, expected] of cases) {
    const [status, words] = await completed(box, ...line.split(' '));
    t.same([status, words.toSorted()], [expected.length > 0 ? 0 : 2, expected], line);
  }
  t.same(await completed(box, 'workspaces', 'create', ''), [2, []], 'a new name');
  t.same(await completed(box, 'secrets', 'show', 'NONE'), [2, []]);
  t.same(await completed(box, 'run', 'main.nf', 'sam'), [1, []], 'files');
  const { stdout } = await box.escrow(['complete', '--', 'runs', 'show', '']);
  t.match(stdout, /^fake_\d+\tsucceeded, (just now|\d+ seconds? ago)\n$/);
});

void t.test(
  'starts no daemon, and is silent without one, with invalid settings and with a daemon that hangs',
  async (t) => {
    const box = new Sandbox(t);
    t.same(await completed(box, 'runs', 'show', ''), [2, []]);
    t.same(await completed(box, 'runs', 'sh'), [0, ['show']]);
    t.match(await box.json(['daemon', 'status']), { running: false });
    box.env['NF_ESCROW_KEEP_RUNS_DAYS'] = 'many';
    t.same(await completed(box, 'runs', 'show', ''), [2, []]);
    t.same(await completed(box, 'runs', 'sh'), [0, ['show']]);
    delete box.env['NF_ESCROW_KEEP_RUNS_DAYS'];
    await accepts(t, box, ['daemon', 'start']);
    await accepts(t, box, ['daemon', 'stop']);
    const silent = createServer(() => undefined).listen(join(box.state, hostname(), 'daemon.sock'));
    t.teardown(() => silent.close());
    t.same(await completed(box, 'runs', 'show', ''), [2, []], 'a hanging daemon');
  },
);

void t.test('never offers a word that a shell would interpret', async (t) => {
  const box = new Sandbox(t);
  const names = ['x$(touch${IFS}pwned)', "y';touch pwned;'", 'a b', '`id`', '~root', '\x1b[2J', 'plain_name'];
  const run = { id: 'r20261129474amupzuok85c0s', state: 'running', createdAt: new Date().toISOString() };
  const answer = JSON.stringify({
    runs: names.map((runName) => ({ ...run, outcome: '\x1b[2J\tx', runName })),
  });
  const daemon = createHttpServer((_, response) => response.end(answer));
  mkdirSync(join(box.state, hostname()), { recursive: true, mode: 0o700 });
  await new Promise<void>((resolve) => daemon.listen(join(box.state, hostname(), 'daemon.sock'), resolve));
  t.teardown(() => {
    daemon.close();
    daemon.closeAllConnections();
  });
  const { stdout } = await box.escrow(['complete', '--', 'runs', 'show', '']);
  t.match(stdout, /^plain_name\t\\u001b\[2J\\u0009x, .*\n$/);
});

void t.test('bash completes, including after an equals sign', async (t) => {
  const { box, run } = await filled(t);
  const script = `nf-escrow() { "$NODE" "$ESCROW" "$@"; }
    source <(nf-escrow completion bash)
    try() { COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _nf_escrow; echo "\${COMPREPLY[@]}"; }
    try nf-escrow vault re
    try nf-escrow runs show ''
    try nf-escrow runs list --workspace = la
    try nf-escrow runs list --workspace =
    complete -p nf-escrow`;
  const env = { NODE: process.execPath, ESCROW: join(import.meta.dirname, '../../../daemon/main.js') };
  const { stdout, stderr } = await box.startProgram('/bin/bash', ['-c', script], { env }).ended;
  t.same(
    stdout.split('\n').slice(0, -1),
    ['rekey', run.runName, 'lab/rna', 'lab/rna local/main', 'complete -F _nf_escrow nf-escrow'],
    stderr,
  );
  await refuses(t, box, ['completion', 'tcsh'], [64, /unknown shell "tcsh"/]);
});
