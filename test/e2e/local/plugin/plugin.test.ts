import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Receipt, Run, RunList, SecretList, TaskList } from '../../../../daemon/contract/types.ts';
import { Sandbox, type Ended } from '../../../support/sandbox.ts';
import { realNextflows } from '../../../support/nextflows.ts';

/** Returns a value that Nextflow's own store cannot carry. */
const newValue = (): string => `"\`$\\\n${randomBytes(12).toString('hex')}\n`;

interface Place {
  readonly box: Sandbox;
  readonly values: Readonly<Record<string, string>>;
}

/** Returns a sandbox with a pipeline and secrets with these names. */
async function place(
  t: Test,
  nextflow: string,
  names: readonly string[],
  script: string,
  config = '',
): Promise<Place> {
  const box = new Sandbox(t, nextflow);
  const values = Object.fromEntries(names.map((name) => [name, newValue()]));
  for (const [name, input] of Object.entries(values))
    t.equal((await box.escrow(['secrets', 'set', name], { input })).status, 0);
  writeFileSync(join(box.launch, 'main.nf'), script);
  if (config !== '') writeFileSync(join(box.launch, 'nextflow.config'), config);
  return { box, values };
}

async function newest(box: Sandbox): Promise<Run> {
  const [run] = (await box.json<RunList>(['runs', 'list'])).runs;
  if (run === undefined) throw new Error('no run exists');
  return run;
}

/** Asserts that no file contains a value, and that the newest run is purged. */
async function nothingLeft(t: Test, { box, values }: Place): Promise<void> {
  for (const [name, value] of Object.entries(values))
    t.same(box.filesWith(value), [], `no file contains ${name}`);
  t.same(readdirSync(join(box.state, 'runs')), []);
  t.match(await newest(box), { state: 'purged', pendingRemovals: 0 });
}

function succeeds(t: Test, { status, stdout, stderr }: Ended): void {
  t.equal(status, 0, `${stdout}${stderr}`);
}

const WIDE = `
process GIVEN {
  secret 'ONE_KEY'
  output:
  stdout
  script:
  '''
  printf '%s' "$ONE_KEY" | wc -c
  printf 'two=[%s]\\n' "\${TWO_KEY-}"
  printf 'ours=[%s]\\n' "\${NF_ESCROW_RUN-}\${NXF_SECRETS_FILE-}\${NXF_PLUGINS_DEFAULT-}"
  printf 'stores=[%s]\\n' "$(ls -d "$STATE"/runs/*/store.json "$STATE"/runs/*/.nf-*.secrets 2>/dev/null)"
  '''
}
process NESTED {
  secret 'ONE_KEY'
  output:
  stdout
  script:
  '''
  printf '%s\\n' 'process N {' '  secret "TWO_KEY"' '  script:' '  "true"' '}' 'workflow {' '  N()' '}' >nested.nf
  if NXF_ANSI_LOG=false "$NESTED_NEXTFLOW" run nested.nf >nested.out 2>&1; then echo 'nested=given'; fi
  if grep -q 'Required secret is missing' nested.out; then echo 'nested=missing'; else cat nested.out; fi
  '''
}
process STUBBED {
  secret 'TWO_KEY'
  output:
  stdout
  script:
  'exit 1'
  stub:
  'printf "stub=%s" "$TWO_KEY" | wc -c'
}
workflow {
  GIVEN() | view
  NESTED() | view
  println "script=\${secrets.TWO_KEY.length()} config=\${params.two} absent=\${secrets.NO_KEY}"
  workflow.onComplete = {
    println "onComplete=\${secrets.TWO_KEY.length()}"
  }
}
`;

for (const nextflow of realNextflows(t)) {
  void t.test(
    `delivers secrets to configuration, script, tasks and onComplete only: ${nextflow}`,
    async (t) => {
      const config = 'params.two = secrets.TWO_KEY ? secrets.TWO_KEY.length() : "none"\n';
      const setting = await place(t, nextflow, ['ONE_KEY', 'TWO_KEY'], WIDE, config);
      const { box, values } = setting;
      const env = { STATE: box.state, NESTED_NEXTFLOW: nextflow };
      const ended = await box.escrow(['run', 'main.nf'], { env });
      succeeds(t, ended);
      const length = (name: string): string => String(values[name]?.length);
      t.match(ended.stdout, new RegExp(`^${length('ONE_KEY')}$`, 'm'), 'the declared secret, complete');
      for (const expected of ['two=[]', 'ours=[]', 'stores=[]', 'nested=missing'])
        t.ok(ended.stdout.includes(expected), `${expected}: ${ended.stdout}`);
      t.notMatch(ended.stdout, /nested=given/);
      t.match(ended.stdout, `script=${length('TWO_KEY')} config=${length('TWO_KEY')} absent=null`);
      t.match(ended.stdout, `onComplete=${length('TWO_KEY')}`);
      await nothingLeft(t, setting);
      const run = await newest(box);
      t.match(run, { outcome: 'succeeded', outcomeEvidence: 'exit status 0' });
      const { tasks } = JSON.parse((await box.http('GET', `/v1/runs/${run.id}/tasks`)).text) as TaskList;
      t.match(
        tasks.find(({ process }) => process === 'GIVEN'),
        { status: 'COMPLETED', exit: '0', attempt: 1, durationMs: Number, secrets: ['ONE_KEY'], exposed: [] },
        'reports tasks without a trace',
      );
      const { secrets } = await box.json<SecretList>(['secrets', 'list']);
      t.match(
        secrets.find(({ name }) => name === 'ONE_KEY'),
        { lastUsedBy: run.id, lastUsedProcess: /^(GIVEN|NESTED)$/ },
      );
      t.equal(secrets.find(({ name }) => name === 'TWO_KEY')?.lastUsedProcess, null, 'no task received it');
    },
  );

  void t.test(`a missing and a deleted secret fail their task by name: ${nextflow}`, async (t) => {
    const script = `
process ABSENT {
  secret 'NO_KEY'
  script:
  'true'
}
process DELETED {
  secret 'ONE_KEY'
  beforeScript 'rm -f "$STATE"/runs/*/secrets/ONE_KEY'
  script:
  'echo "[$ONE_KEY]" >"$STATE/given"'
}
workflow {
  if( params.what == 'absent' ) ABSENT() else DELETED()
}
`;
    const setting = await place(t, nextflow, ['ONE_KEY'], script);
    const { box } = setting;
    const env = { STATE: box.state };
    const absent = await box.escrow(['run', 'main.nf', '--what', 'absent'], { env });
    t.equal(absent.status, 1);
    t.match(
      `${absent.stdout}${absent.stderr}`,
      /process ABSENT declares secret NO_KEY: not found in workspace local\/main/,
    );
    const deleted = await box.escrow(['run', 'main.nf', '--what', 'deleted'], { env });
    t.equal(deleted.status, 1);
    t.match(
      `${deleted.stdout}${deleted.stderr}`,
      /nf-escrow: cannot read secret ONE_KEY on \S+: \S+ is missing or not readable/,
    );
    t.notOk(existsSync(join(box.state, 'given')), 'does not run the script with an empty value');
    t.match(await newest(box), { outcome: 'failed', exitStatus: 1 });
    await nothingLeft(t, setting);
  });

  void t.test(`reports a value that the pipeline writes into a script: ${nextflow}`, async (t) => {
    const script = `
process WRITES {
  output:
  stdout
  script:
  """
  echo '\${secrets.PLAIN_KEY}' | wc -c
  """
}
workflow {
  WRITES() | view
}
`;
    const { box } = await place(t, nextflow, [], script);
    const value = randomBytes(12).toString('hex');
    await box.escrow(['secrets', 'set', 'PLAIN_KEY'], { input: value });
    succeeds(t, await box.escrow(['run', 'main.nf']));
    const run = await newest(box);
    const receipt = await box.escrow(['runs', 'receipt', run.id]);
    t.match(
      receipt.stdout,
      /^exposed +PLAIN_KEY: 1 file of 1 task of WRITES contains its value\n +\S+\/\.command\.sh$/m,
    );
    t.match(await box.json<Receipt>(['runs', 'receipt', run.id]), {
      complete: true,
      exposures: [{ secret: 'PLAIN_KEY', process: 'WRITES', tasks: 1, run: run.id }],
    });
    t.match((await box.escrow(['doctor'])).stdout, /^warning +exposed values +.*PLAIN_KEY from WRITES/m);
    t.same(
      box.filesWith(value).filter((path) => !/\/launch\/(work|\.nextflow\/cache)\//.test(path)),
      [],
      'only the task and the script cache contain the value',
    );
  });

  void t.test(
    `delivers secrets to 200 concurrent tasks, and resumes after a value has changed: ${nextflow}`,
    async (t) => {
      const script = `
process MANY {
  secret 'ONE_KEY'
  input:
  val id
  output:
  stdout
  script:
  '[ "$(printf %s "$ONE_KEY" | wc -c)" -gt 20 ] && printf given'
}
workflow {
  MANY(channel.of(1..200)) | collect | map { all -> "\${all.size()} \${all.unique()}" } | view
}
`;
      const config = 'process.cpus = 1\nexecutor { cpus = 200; queueSize = 200 }\n';
      const setting = await place(t, nextflow, ['ONE_KEY'], script, config);
      const { box } = setting;
      const first = await box.escrow(['run', 'main.nf']);
      succeeds(t, first);
      t.match(first.stdout, /^200 \[given\]$/m);
      const { id } = await newest(box);
      const tasksOf = async (run: string): Promise<TaskList> =>
        JSON.parse((await box.http('GET', `/v1/runs/${run}/tasks?limit=1000`)).text) as TaskList;
      const { tasks, traceErrors } = await tasksOf(id);
      t.equal(traceErrors, 0);
      t.equal(
        tasks.filter(({ status, secrets }) => status === 'COMPLETED' && secrets[0] === 'ONE_KEY').length,
        200,
      );
      await nothingLeft(t, setting);
      await box.escrow(['secrets', 'set', 'ONE_KEY'], { input: `another ${newValue()}` });
      const again = await box.escrow(['run', 'main.nf', '-resume']);
      succeeds(t, again);
      const cached = (await tasksOf((await newest(box)).id)).tasks.filter(
        ({ status }) => status === 'CACHED',
      );
      t.equal(cached.length, 200, 'a changed value does not invalidate the cache: docs/limits.md');
    },
  );

  void t.test(
    `supports secrets declared in selectors, closures and the configuration, and in stubs: ${nextflow}`,
    async (t) => {
      const task = (name: string, directive = ''): string => `
process ${name} {
  ${directive}
  output:
  stdout
  script:
  'false'
  stub:
  'printf "${name}=%s/%s" "$(printf %s "\${ONE_KEY-}" | wc -c)" "$(printf %s "\${TWO_KEY-}" | wc -c)"'
}
`;
      const script = `${task('BY_NAME')}${task('BY_LABEL', "label 'wants'")}${task('BY_ALL')}
workflow {
  BY_NAME() | view
  BY_LABEL() | view
  BY_ALL() | view
}
`;
      const config = `process {
  secret = ['ONE_KEY']
  withName: BY_NAME { secret = ['TWO_KEY'] }
  withLabel: wants { secret = ['ONE_KEY', 'TWO_KEY'] }
}
`;
      const setting = await place(t, nextflow, ['ONE_KEY', 'TWO_KEY'], script, config);
      const { box, values } = setting;
      const ended = await box.escrow(['run', 'main.nf', '-stub']);
      succeeds(t, ended);
      const [one, two] = [values['ONE_KEY']?.length, values['TWO_KEY']?.length].map(String);
      for (const line of [
        `BY_NAME=0/${two ?? ''}`,
        `BY_LABEL=${one ?? ''}/${two ?? ''}`,
        `BY_ALL=${one ?? ''}/0`,
      ])
        t.ok(ended.stdout.includes(line), `${line}: ${ended.stdout}`);
      await nothingLeft(t, setting);
    },
  );
}

void t.test('supports unusual names of the runs directory', async (t) => {
  const [nextflow] = realNextflows(t);
  if (nextflow === undefined) return;
  const script = `
process ANY {
  secret 'ONE_KEY'
  output:
  stdout
  script:
  'printf %s "$ONE_KEY" | wc -c'
}
workflow {
  ANY() | view
}
`;
  const setting = await place(t, nextflow, ['ONE_KEY'], script);
  const { box, values } = setting;
  const runs = join(box.directory, `r'u n$s é`);
  mkdirSync(runs, { mode: 0o700 });
  const env = { NF_ESCROW_RUNS_DIR: runs };
  await box.escrow(['daemon', 'stop']);
  const ended = await box.escrow(['run', 'main.nf'], { env });
  succeeds(t, ended);
  t.match(ended.stdout, new RegExp(`^${String(values['ONE_KEY']?.length)}$`, 'm'));
  t.same(readdirSync(runs), []);
  t.notMatch(readFileSync(join(box.launch, '.nextflow.log'), 'utf8'), /nf-escrow: /);
});
