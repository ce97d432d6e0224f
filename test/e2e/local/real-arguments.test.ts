import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Receipt, Run, RunList } from '../../../daemon/contract/types.ts';
import { realNextflow, Sandbox, until, type Ended } from '../../support/sandbox.ts';

/**
 * Prints how nextflow parsed its command line, and runs a task that can be cached and held. The launch directory is an
 * input, because Nextflow never caches a script that names launchDir.
 */
const PIPELINE = `
params.from = 'script'
params.hold = false
process HELLO {
  secret 'FOO_KEY'
  input:
  val hold
  val directory
  output:
  stdout
  script:
  """
  test -n "\\$FOO_KEY"
  touch '\${directory}/\${hold}.here'
  while [ \${hold} != false ] && [ ! -e '\${directory}/go' ]; do sleep 0.1; done
  printf done
  """
}
workflow {
  def known = [params: params, args: args, work: workflow.workDir.toString(), setting: workflow.configFiles*.name]
  println 'KNOWN ' + groovy.json.JsonOutput.toJson(known)
  HELLO(params.hold, launchDir.toString())
}
`;

interface Known {
  readonly params: Record<string, unknown>;
  readonly args: string[];
  readonly work: string;
  readonly setting: string[];
}

/** Returns what the pipeline printed. */
function known({ stdout, stderr }: Ended): Known {
  const line = /^KNOWN (.*)$/m.exec(stdout)?.[1];
  if (line === undefined) throw new Error(`nextflow did not run the pipeline: ${stdout}${stderr}`);
  return JSON.parse(line) as Known;
}

async function runs(box: Sandbox): Promise<Run[]> {
  return (await box.json<RunList>(['runs', 'list'])).runs;
}

async function newest(box: Sandbox): Promise<Run> {
  const [run] = await runs(box);
  if (run === undefined) throw new Error('no run exists');
  return box.json<Run>(['runs', 'show', run.id]);
}

class Launch {
  readonly box: Sandbox;
  readonly nextflow: string;
  readonly value = randomBytes(16).toString('hex');

  constructor(t: Test, nextflow: string) {
    this.box = new Sandbox(t, nextflow);
    this.nextflow = nextflow;
  }

  async prepare(): Promise<void> {
    writeFileSync(join(this.box.launch, 'main.nf'), PIPELINE);
    await this.box.escrow(['secrets', 'set', 'FOO_KEY'], { input: this.value });
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.box.launch, name), text);
  }

  read(name: string): string {
    return readFileSync(join(this.box.launch, name), 'utf8');
  }

  /** Returns the files that contain the value while a run is alive, and asserts that all are in run directories. */
  placed(t: Test): string[] {
    const runs = join(this.box.state, 'runs/');
    t.same(
      this.box.filesWith(this.value, (path) => path.startsWith(runs)),
      [],
    );
    return this.box.filesWith(this.value);
  }

  async nothingLeft(t: Test): Promise<void> {
    await until('all runs are purged', async () =>
      (await runs(this.box)).every(({ state }) => state === 'purged'),
    );
    t.same(this.box.filesWith(this.value), [], 'no file contains the value');
    t.same(readdirSync(join(this.box.state, 'runs')), []);
    for (const { id } of await runs(this.box))
      t.equal((await this.box.json<Receipt>(['runs', 'receipt', id])).complete, true);
  }
}

async function launch(t: Test): Promise<Launch | undefined> {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return undefined;
  const prepared = new Launch(t, nextflow);
  await prepared.prepare();
  return prepared;
}

void t.test('passes parameters verbatim and leaves the same launch directory as bare nextflow', async (t) => {
  const here = await launch(t);
  if (here === undefined) return;
  const { box } = here;
  const bare = join(box.directory, 'bare');
  mkdirSync(bare);
  writeFileSync(join(bare, 'main.nf'), PIPELINE);
  const parameters = [
    ...['--spaces', 'a  b ', '--quotes', `it's "so"`, '--shell', '$(touch pwned) `touch pwned` $HOME \\'],
    ...['--newline', 'one\ntwo', '--letters', 'ü€𝄞', '--empty', '', 'a word', '', '*'],
  ];
  const own = join(box.directory, 'own-store.json');
  writeFileSync(own, JSON.stringify([{ name: 'FOO_KEY', value: 'bare' }]), { mode: 0o600 });
  const plainly = box.startProgram(here.nextflow, ['run', 'main.nf', ...parameters], {
    cwd: bare,
    env: { NXF_SECRETS_FILE: own },
  });
  const [theirs, ours] = await Promise.all([plainly.ended, box.escrow(['run', 'main.nf', ...parameters])]);
  t.equal(ours.status, 0, ours.stderr);
  t.equal(theirs.status, 0, theirs.stderr);
  t.same({ ...known(ours), work: '' }, { ...known(theirs), work: '' });
  t.match(known(ours).params, {
    spaces: 'a  b', // Nextflow itself trims it
    quotes: `it's "so"`,
    shell: '$(touch pwned) `touch pwned` $HOME \\',
    newline: 'one\ntwo',
    letters: 'ü€𝄞',
  });
  t.same(readdirSync(box.launch), readdirSync(bare));
  t.same(readdirSync(join(box.launch, '.nextflow')), readdirSync(join(bare, '.nextflow')));
  t.same((await newest(box)).arguments, ['run', 'main.nf', ...parameters]);
  await here.nothingLeft(t);
});

void t.test('supports -log, -c, -params-file, -resume, -C and environment variables', async (t) => {
  const here = await launch(t);
  if (here === undefined) return;
  const { box } = here;
  here.write('nextflow.config', 'params.project = true');
  here.write('more.config', 'params.more = true');
  here.write('only.config', 'params.only = true');
  here.write('params.json', '{"from": "file"}');
  const work = join(box.launch, 'elsewhere');
  const options = ['-log', 'logs/first.log', '-c', 'more.config', '-params-file', 'params.json'];
  const first = await box.escrow(['run', ...options, '-with-trace', 'first.txt', 'main.nf'], {
    env: { NXF_WORK: work, NXF_LOG_FILE: 'env.log' },
  });
  t.match(known(first), { params: { from: 'file', project: true, more: true }, work });
  const firstRun = await newest(box);
  t.match(firstRun, {
    outcome: 'succeeded',
    logFile: join(box.launch, 'logs/first.log'),
    traceFile: join(box.launch, 'first.txt'),
  });
  t.notOk(existsSync(join(box.launch, '.nextflow.log')) || existsSync(join(box.launch, 'env.log')));
  t.match(here.read('first.txt'), /\tCOMPLETED\t/);

  const second = await box.escrow(
    ['run', '-C', 'only.config', '-with-trace', 'second.txt', '-resume', 'main.nf'],
    {
      env: { NXF_WORK: work, NXF_LOG_FILE: 'env.log', NXF_ANSI_LOG: 'true' },
    },
  );
  t.match(known(second), { params: { only: true, from: 'script' }, setting: ['only.config'] });
  t.notOk('project' in known(second).params);
  t.match(second.stdout, /cached: 1/, 'resumes although the run directory differs, and honors NXF_ANSI_LOG');
  t.match(here.read('second.txt'), /\tCACHED\t/);
  t.match(await newest(box), {
    outcome: 'succeeded',
    sessionId: firstRun.sessionId,
    logFile: join(box.launch, 'env.log'),
  });
  t.not((await newest(box)).runName, firstRun.runName);
  await here.nothingLeft(t);
});

void t.test('supports a script from standard input, -bg, and two heads with the same -log', async (t) => {
  const here = await launch(t);
  if (here === undefined) return;
  const { box } = here;
  const background = await box.escrow(['run', '-bg', '-log', 'same.log', 'main.nf', '--hold', 'first']);
  t.equal(background.status, 0);
  const head = Number(here.read('.nextflow.pid'));
  await until('the task runs', () => existsSync(join(box.launch, 'first.here')));
  t.match(readFileSync(`/proc/${String(head)}/cmdline`, 'latin1'), /nextflow.cli.Launcher/);
  const placed = here.placed(t);
  t.ok(placed.length > 0, 'keeps its secret');

  const piped = await box.escrow(['run', '-log', 'same.log', '-', '--from', 'a pipe'], { input: PIPELINE });
  t.equal(piped.status, 0, piped.stderr);
  t.match(known(piped).params, { from: 'a pipe' });
  t.match(await newest(box), { outcome: 'succeeded', logFile: join(box.launch, 'same.log') });
  t.same(here.placed(t), placed, 'the other run keeps its secret');

  here.write('go', '');
  await until('the head has ended', () => !existsSync(`/proc/${String(head)}`));
  await here.nothingLeft(t);
  const [second, first] = await runs(box);
  t.match(first, { outcome: 'succeeded', logFile: join(box.launch, 'same.log') });
  t.not(first?.runName, second?.runName);
  t.not(first?.sessionId, second?.sessionId);
});
