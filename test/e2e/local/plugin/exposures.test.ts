import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Exposure, Receipt, Run, RunList, TaskList } from '../../../../daemon/contract/types.ts';
import { Sandbox, type Ended } from '../../../support/sandbox.ts';
import { realNextflows } from '../../../support/nextflows.ts';

/** The secret of each kind of exposure, its process, and the files that must be found. */
const WAYS: Readonly<Record<string, { readonly process: string; readonly files: readonly string[] }>> = {
  BEFORE_KEY: { process: 'BEFORE', files: ['.command.run'] },
  AFTER_KEY: { process: 'AFTER', files: ['.command.run'] },
  STORE_KEY: { process: 'STORE', files: ['.command.run'] },
  TAG_KEY: { process: 'TAGGED', files: ['.command.run'] },
  CONTAINER_KEY: { process: 'CONTAINED', files: ['.command.run'] },
  CLUSTER_KEY: { process: 'CLUSTER', files: ['.command.run'] },
  INPUT_KEY: { process: 'INPUT', files: ['.command.in', '.command.log', '.command.out'] },
  SCRIPT_KEY: { process: 'SCRIPT', files: ['.command.sh'] },
  PRINT_KEY: { process: 'PRINTS', files: ['.command.log', '.command.out'] },
  ERROR_KEY: { process: 'COMPLAINS', files: ['.command.err', '.command.log'] },
  VALUE_KEY: { process: 'GIVES', files: ['.command.env'] },
  ENV_KEY: { process: 'CONFIGURED', files: ['.command.run'] },
};

const PIPELINE = `
process BEFORE {
  beforeScript "true '\${secrets.BEFORE_KEY}'"
  script: 'true'
}
process AFTER {
  afterScript "true '\${secrets.AFTER_KEY}'"
  script: 'true'
}
process STORE {
  storeDir "\${launchDir}/stored/\${secrets.STORE_KEY}"
  output: path 'x.txt'
  script: 'touch x.txt'
}
process TAGGED {
  tag "\${secrets.TAG_KEY}"
  script: 'true'
}
process CONTAINED {
  container 'image'
  containerOptions "--label x=\${secrets.CONTAINER_KEY}"
  script: 'true'
}
process CLUSTER {
  executor 'slurm'
  clusterOptions "--comment=\${secrets.CLUSTER_KEY}"
  script: 'true'
}
process INPUT {
  input: stdin
  script: 'cat'
}
process SCRIPT {
  script: "true '\${secrets.SCRIPT_KEY}'"
}
process PRINTS {
  secret 'PRINT_KEY'
  script: 'echo "$PRINT_KEY"'
}
process COMPLAINS {
  secret 'ERROR_KEY'
  script: 'echo "$ERROR_KEY" >&2'
}
process GIVES {
  secret 'VALUE_KEY'
  output: env 'GIVEN'
  script: 'GIVEN="$VALUE_KEY"'
}
process CONFIGURED {
  script: 'true'
}
workflow {
  BEFORE()
  AFTER()
  STORE()
  TAGGED()
  CONTAINED()
  CLUSTER()
  INPUT(channel.of(secrets.INPUT_KEY))
  SCRIPT()
  PRINTS()
  COMPLAINS()
  GIVES()
  CONFIGURED()
}
`.replace(/(script|output|input): (.*)$/gm, '$1:\n  $2'); // strict syntax requires labels on separate lines

const CONFIG = `
docker.enabled = true
env.CONFIGURED_VALUE = secrets.ENV_KEY
executor.pollInterval = '100 ms'
executor.queueStatInterval = '1 s'
executor.exitReadTimeout = '5 s'
`;

/** Fake programs of a container engine and a scheduler. The test is about the files that Nextflow writes for them. */
const PROGRAMS: Readonly<Record<string, string>> = {
  docker: 'while [ $# -gt 0 ] && [ "$1" != image ]; do shift; done; [ $# -gt 0 ] || exit 0; shift; exec "$@"',
  sbatch: 'setsid bash "$1" </dev/null >.command.log 2>&1 & echo "Submitted batch job 7"',
  squeue: 'exit 0',
  scancel: 'exit 0',
};

const newValue = (): string => randomBytes(12).toString('hex');

async function setSecrets(t: Test, box: Sandbox, names: readonly string[]): Promise<Map<string, string>> {
  const values = new Map(names.map((name) => [name, newValue()]));
  for (const [name, input] of values)
    t.equal((await box.escrow(['secrets', 'set', name], { input })).status, 0);
  return values;
}

function addPrograms(box: Sandbox): void {
  const directory = join(box.directory, 'bin');
  mkdirSync(directory);
  for (const [name, text] of Object.entries(PROGRAMS)) {
    writeFileSync(join(directory, name), `#!/bin/bash\n${text}\n`);
    chmodSync(join(directory, name), 0o755);
  }
  box.env['PATH'] = `${directory}:${process.env['PATH'] ?? ''}`;
}

async function newest(box: Sandbox): Promise<Run> {
  const [run] = (await box.json<RunList>(['runs', 'list'])).runs;
  if (run === undefined) throw new Error('no run exists');
  return run;
}

function succeeds(t: Test, { status, stdout, stderr }: Ended): void {
  t.equal(status, 0, `${stdout}${stderr}`);
}

/** Returns the names of the files that Nextflow wrote for tasks. */
function namesIn(work: string): string[] {
  const names = readdirSync(work, { recursive: true, encoding: 'utf8' }).map(
    (path) => path.split('/').at(-1) ?? '',
  );
  return [...new Set(names.filter((name) => name.startsWith('.')))].sort();
}

const KNOWN = /^\.(command\.(run|sh|stage|condor|yaml|in|begin|env|trace|err|out|log)|exitcode)$/; // TaskFiles.java

for (const nextflow of realNextflows(t)) {
  void t.test(`reports each kind of exposure in a task's files: ${nextflow}`, async (t) => {
    const box = new Sandbox(t, nextflow);
    addPrograms(box);
    writeFileSync(join(box.launch, 'main.nf'), PIPELINE);
    writeFileSync(join(box.launch, 'nextflow.config'), CONFIG);
    const values = await setSecrets(t, box, [...Object.keys(WAYS), 'UNUSED_KEY']);
    const ended = await box.escrow([
      ...['run', 'main.nf', '-with-trace', 'trace.txt', '-with-report', 'report.html'],
      ...['-with-timeline', 'timeline.html', '-with-dag', 'dag.html'],
    ]);
    succeeds(t, ended);
    const run = await newest(box);
    const receipt = await box.json<Receipt>(['runs', 'receipt', run.id]);
    const exposure = (secret: string, process: string | null): Exposure | undefined =>
      receipt.exposures.find((one) => one.secret === secret && one.process === process);
    for (const [secret, { process, files }] of Object.entries(WAYS)) {
      const found = exposure(secret, process);
      const names = new Set(found?.files.map((file) => file.replace(/^[0-9a-f]{2}\/[0-9a-f]{30}\//, '')));
      t.same(
        files.filter((name) => !names.has(name)),
        [],
        `${secret} is found in ${files.join(' and ')}`,
      );
      t.equal(found?.tasks, 1, secret);
      // The reported files equal those that contain the value.
      const holding = box
        .filesWith(values.get(secret) ?? '')
        .filter((path) => path.startsWith(join(box.launch, 'work')))
        .map((path) => path.slice(box.launch.length + '/work/'.length));
      const reported = receipt.exposures
        .filter((one) => one.secret === secret && one.process !== null)
        .flatMap((one) => one.files);
      t.same(reported.sort(), holding.sort(), `${secret}: reports exactly the files that contain it`);
    }
    t.same(
      receipt.exposures.filter(({ secret }) => secret === 'UNUSED_KEY'),
      [],
    );
    const ofRun = exposure('TAG_KEY', null)?.files ?? [];
    for (const name of ['.nextflow.log', 'trace.txt', 'report.html', 'timeline.html'])
      t.ok(ofRun.includes(join(box.launch, name)), `finds a tag in ${name}: ${ofRun.join(' ')}`);
    t.match(receipt, {
      complete: true,
      workDirectory: join(box.launch, 'work'),
      search: { by: 'both', complete: true, tasks: Object.keys(WAYS).length, gaps: [], omitted: 0 },
    });
    t.same(
      namesIn(join(box.launch, 'work')).filter((name) => !KNOWN.test(name)),
      [],
      'Nextflow writes no other files',
    );

    t.match(
      ended.stderr,
      `nf-escrow: files of the run contain values of secrets: ${Object.keys(WAYS).sort().join(', ')}\n`,
    );
    t.match(ended.stderr, new RegExp(`^nf-escrow:   ${box.launch}/work/../\\w{30}/\\.command\\.\\w+$`, 'm'));
    t.match(ended.stderr, `nf-escrow runs receipt ${run.id}\n`);
    const shown = await box.escrow(['runs', 'receipt', run.id]);
    for (const [secret, { process }] of Object.entries(WAYS))
      t.match(
        shown.stdout,
        new RegExp(
          `^exposed +${secret}: \\d+ files? of 1 task of ${process} contains? its value\n +${box.launch}/work/`,
          'm',
        ),
      );
    t.match(
      shown.stdout,
      /nf-escrow removed everything that it delivered\. The files above still contain secret values/,
    );
    t.notMatch(shown.stdout, /Nothing is left/);
    t.notMatch((await box.escrow(['runs', 'purge', run.id])).stdout, /Nothing .*is left/);
    t.match((await box.escrow(['runs', 'show', run.id])).stdout, /^exposed +.*TAG_KEY/m);
    t.match((await box.escrow(['doctor'])).stdout, /^warning +exposed values +.*_KEY from /m);

    const tasks = (await box.http('GET', `/v1/runs/${run.id}/tasks`)).text;
    t.match(
      (JSON.parse(tasks) as TaskList).tasks.find(({ process }) => process === 'TAGGED'),
      {
        name: 'TAGGED (***TAG_KEY***)',
        exposed: ['ENV_KEY', 'TAG_KEY'],
      },
    );
    const outputs = [ended.stderr, shown.stdout, JSON.stringify(receipt), tasks];
    for (const [name, value] of values) {
      t.notOk(
        outputs.some((text) => text.includes(value)),
        `${name}: reports only the name`,
      );
      t.same(
        box.filesWith(value).filter((path) => path.startsWith(box.state)),
        [],
        `${name}: no file of nf-escrow contains the value`,
      );
    }
  });

  void t.test(`a run that exposes nothing reports nothing: ${nextflow}`, async (t) => {
    const box = new Sandbox(t, nextflow);
    const script = `
process GIVEN {
  secret 'LINES_KEY'
  secret 'ONE_KEY'
  output:
  stdout
  script:
  '''
  printf '%s' "$LINES_KEY" | wc -c
  '''
}
workflow {
  GIVEN() | view
}
`;
    writeFileSync(join(box.launch, 'main.nf'), script);
    await setSecrets(t, box, ['ONE_KEY']);
    const lines = `-----BEGIN KEY-----\n${newValue()}\ntrue\n  done\n${newValue()}\n-----END KEY-----\n`;
    await box.escrow(['secrets', 'set', 'LINES_KEY'], { input: lines });
    const ended = await box.escrow(['run', 'main.nf', '-with-report', 'report.html', '-with-trace']);
    succeeds(t, ended);
    t.equal(ended.stderr.includes('nf-escrow:'), false, ended.stderr);
    const run = await newest(box);
    t.notOk('exposed' in run);
    const receipt = await box.json<Receipt>(['runs', 'receipt', run.id]);
    t.match(receipt, { exposures: [], complete: true, search: { complete: true, tasks: 1, gaps: [] } });
    t.ok((receipt.search?.files ?? 0) > 8, 'searches task, log, report and trace');
    const shown = (await box.escrow(['runs', 'receipt', run.id])).stdout;
    t.match(shown, /^searched +completely: \d+ files, 1 task, \d+ KiB\n\nNothing is left\.\n$/m);
    t.notMatch(shown, /^exposed/m);
    t.match((await box.escrow(['doctor'])).stdout, /^ok +exposed values/m);
  });

  void t.test(`reports what could not be searched: ${nextflow}`, async (t) => {
    const box = new Sandbox(t, nextflow);
    const outside = join(box.directory, 'outside.txt');
    const script = `
process LONG {
  secret 'ONE_KEY'
  script:
  'head -c 70000000 /dev/zero; echo "$ONE_KEY"'
}
process LINKED {
  output:
  path 'x'
  script:
  """
  touch x
  mkfifo .command.stage
  ln -sf '${outside}' .command.env
  """
}
workflow {
  LONG()
  LINKED()
}
`;
    writeFileSync(join(box.launch, 'main.nf'), script);
    const values = await setSecrets(t, box, ['ONE_KEY', 'FAR_KEY']);
    await box.escrow(['secrets', 'set', 'SHORT_KEY'], { input: 'abc' });
    writeFileSync(outside, values.get('FAR_KEY') ?? '');
    succeeds(t, await box.escrow(['run', 'main.nf']));
    const run = await newest(box);
    const receipt = await box.json<Receipt>(['runs', 'receipt', run.id]);
    t.notOk(
      receipt.exposures.some(({ secret }) => secret === 'FAR_KEY'),
      'does not follow links',
    );
    const gap = (reason: string): unknown => receipt.search?.gaps.find((one) => one.reason === reason);
    t.equal(gap('budget'), undefined, 'the daemon reads what exceeds the budget of the plugin');
    // A file that Nextflow is still writing may be counted as well.
    t.match(gap('not-plain'), { example: /\.command\.(env|stage)$/ });
    t.match(gap('value-short'), { secrets: ['SHORT_KEY'] });
    const shown = (await box.escrow(['runs', 'receipt', run.id])).stdout;
    t.match(shown, /^searched +not completely: /m);
    t.match(shown, /^ +skipped the values of SHORT_KEY: shorter than 6 bytes$/m);
    t.match(readFileSync(outside, 'utf8'), values.get('FAR_KEY') ?? '');
  });

  void t.test(`searches the files of a task that its scheduler rejects: ${nextflow}`, async (t) => {
    const box = new Sandbox(t, nextflow);
    const script = `
process REFUSED {
  executor 'slurm'
  clusterOptions "--comment=\${secrets.ONE_KEY}"
  script:
  'true'
}
workflow {
  REFUSED()
}
`;
    addPrograms(box);
    writeFileSync(join(box.directory, 'bin/sbatch'), '#!/bin/bash\nexit 1\n');
    writeFileSync(join(box.launch, 'main.nf'), script);
    await setSecrets(t, box, ['ONE_KEY']);
    const ended = await box.escrow(['run', 'main.nf']);
    t.equal(ended.status, 1);
    t.match(ended.stderr, /^nf-escrow: {3}\S+\/work\/..\/\w{30}\/\.command\.run$/m);
    const { exposures } = await box.json<Receipt>(['runs', 'receipt', (await newest(box)).id]);
    t.match(exposures[0], { secret: 'ONE_KEY', process: 'REFUSED', tasks: 1, fileCount: 1 });
  });
}
