// The launch form in a real browser, with a real Nextflow and a pipeline that describes its parameters.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import type { LaunchRequest, Receipt, RunList } from '../../../daemon/contract/types.ts';
import { goTo, openPage, startBrowser, type TestBrowser } from '../../support/browser.ts';
import { holdsNowhere, newCanary } from '../../support/page-canary.ts';
import { realNextflow, Sandbox } from '../../support/sandbox.ts';

const PIPELINE = `
params.greeting = 'hello'
params.depth = 1
process HELLO {
  secret 'FOO_KEY'
  output:
  stdout
  script:
  """
  printf '%s %s ' '\${params.greeting}' '\${params.depth}'
  printf %s "\\$FOO_KEY" | sha256sum
  """
}
workflow {
  HELLO() | view
}
`;
const HOSTILE = '<img src=x onerror=alert(1)>\u202egpj.';
const SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    input_options: {
      title: 'Input options',
      description: HOSTILE,
      type: 'object',
      required: ['greeting'],
      properties: {
        greeting: { type: 'string', description: 'What to print', help_text: 'First line\nSecond line' },
        depth: { type: 'integer', minimum: 1, default: 1, description: HOSTILE },
        aligner: { type: 'string', enum: ['star', 'hisat2'], default: 'star' },
        trim: { type: 'boolean', default: true },
        lanes: { type: 'array', items: { type: 'integer' } },
        constructor: { type: 'string' },
        secretly: { type: 'integer', hidden: true },
      },
    },
  },
  allOf: [{ $ref: '#/$defs/input_options' }],
};

interface Opened {
  readonly box: Sandbox;
  readonly browser: TestBrowser;
  readonly page: Page;
  readonly pipeline: string;
}

/** Opens the launch form for a pipeline. */
async function open(t: Test, nextflow?: string, schema: object = SCHEMA): Promise<Opened | undefined> {
  const browser = await startBrowser(t);
  if (browser === undefined) return undefined;
  const box = new Sandbox(t, nextflow);
  const pipeline = join(box.directory, 'pipeline');
  mkdirSync(pipeline);
  writeFileSync(join(pipeline, 'main.nf'), PIPELINE);
  writeFileSync(join(pipeline, 'nextflow_schema.json'), JSON.stringify(schema));
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
  const { page } = await openPage(box, browser);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Launch' }).click();
  await page.getByRole('heading', { name: 'Launch', exact: true }).waitFor();
  return { box, browser, page, pipeline };
}

async function fill(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [label, text] of Object.entries(fields)) await page.getByLabel(label).fill(text);
}

/** The error below a field. */
function errorOf(page: Page, label: string) {
  return page.locator('.field', { has: page.getByLabel(label) }).locator('.bad-text');
}

void t.test('launches a pipeline with its form, after explaining the plan', async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  const opened = await open(t, nextflow);
  if (opened === undefined) return;
  const { box, browser, page, pipeline } = opened;
  const canary = newCanary();
  await box.escrow(['secrets', 'set', 'FOO_KEY', '--user'], { input: canary });
  const review = page.getByRole('button', { name: 'Review launch' });

  await review.click();
  await errorOf(page, 'Pipeline').getByText('Enter a path, a repository name or a URL').waitFor();
  await fill(page, { Pipeline: pipeline, 'Launch directory': '/absent' });
  await errorOf(page, 'Launch directory').getByText('ENOENT').waitFor();
  await page.getByLabel('Launch directory').fill(box.launch);
  await page.getByRole('group', { name: 'Input options' }).waitFor();
  t.equal(await page.locator('main img').count(), 0, 'texts of the schema are no markup');
  t.equal(await page.getByLabel('secretly').count(), 0, 'hidden parameters are behind a switch');
  t.equal(await page.getByLabel('constructor').inputValue(), '');

  await fill(page, { depth: 'deep', lanes: '[1, "x"]' });
  await page.getByLabel('Show 1 hidden parameter').check();
  await page.getByLabel('secretly').fill('0.5');
  await page.getByLabel('Show 1 hidden parameter').uncheck();
  await review.click();
  for (const [label, text] of [
    ['greeting', 'greeting is missing'],
    ['depth', 'depth must be a number from 1'],
    ['lanes', 'lanes.1 must be a number'],
    ['secretly', 'secretly must be a whole number'],
  ] as const)
    await errorOf(page, label).getByText(text).waitFor();
  t.equal(
    await page.getByRole('button', { name: 'Launch run' }).count(),
    0,
    'an invalid launch cannot start',
  );

  await fill(page, { greeting: 'good day', depth: '3', lanes: '[1, 2]', secretly: '' });
  await page.getByLabel('aligner').selectOption('hisat2');
  await page.getByLabel('trim').uncheck();
  await page.reload();
  await page.getByRole('group', { name: 'Input options' }).waitFor();
  t.equal(await page.getByLabel('greeting').inputValue(), 'good day', 'the form survives a reload');

  await review.click();
  const plan = page.getByRole('complementary', { name: 'Plan' });
  const secret = plan.getByRole('list', { name: 'Secrets of the run' }).getByRole('listitem');
  await secret.getByText('FOO_KEY').waitFor();
  await secret.getByText('Your own').waitFor();
  await secret.getByText('Version 1, overrides the workspace secret').waitFor();
  await plan.getByText('Method: plugin nf-escrow').waitFor();
  await plan.getByText('HELLO').waitFor();
  await page.getByLabel('depth').fill('4');
  await review.waitFor();
  t.pass('a changed form has to be reviewed again');
  await review.click();
  let sent: LaunchRequest | undefined;
  page.on('request', (request) => {
    if (request.url().endsWith('/v1/launches')) sent = request.postDataJSON() as LaunchRequest;
  });
  await page.getByRole('button', { name: 'Launch run' }).click();
  await page.waitForURL(/#\/runs\/r\w+$/);
  await page.locator('.screen-head').getByText('Succeeded').waitFor({ timeout: 120_000 });
  t.same(sent?.parameters, {
    ...{ greeting: 'good day', depth: 4, lanes: [1, 2], aligner: 'hisat2', trim: false },
  });
  await page.getByRole('link', { name: 'Receipt' }).click();
  await page.getByText(/Nothing (is left|that nf-escrow delivered is left)/).waitFor();
  const { runs } = await box.json<RunList>(['runs', 'list']);
  t.equal(runs.length, 1);
  const id = runs[0]?.id ?? '';
  t.equal((await box.json<Receipt>(['runs', 'receipt', id])).complete, true);
  const { stdout } = await box.escrow(['runs', 'logs', id]);
  t.match(stdout, `good day 4 ${createHash('sha256').update(canary).digest('hex')}`);
  await holdsNowhere(t, page, browser, canary);
  t.same(
    browser.messages.filter((message) => !/status of 4\d\d/.test(message)),
    [],
  );
});

void t.test('offers a command that starts the same run', async (t) => {
  const opened = await open(t);
  if (opened === undefined) return;
  const { box, page, pipeline } = opened;
  const command = page.locator('.launch-plan code');
  /** Executes the command of the page with a shell, and returns the arguments of nf-escrow. */
  const words = async (): Promise<string[]> => {
    await page.getByText('Use a terminal instead').click();
    const text = (await command.textContent()) ?? '';
    const { stdout, stderr } = await box.startProgram('/bin/bash', [
      ...['-c', `nf-escrow() { printf '%s\\0' "$PWD" "$@"; }\n${text}`],
    ]).ended;
    t.equal(stderr, '', text);
    await page.getByText('Use a terminal instead').click();
    return stdout.split('\0').slice(0, -1);
  };
  await fill(page, { Pipeline: pipeline, 'Launch directory': box.launch, Revision: 'v1', Profiles: 'a,b' });
  await page.getByRole('group', { name: 'Input options' }).waitFor();
  await page.getByLabel('greeting').fill("it's $HOME; `id`");
  await page.getByLabel('Only selected secrets').check();
  await page.getByLabel('FOO_KEY').check();
  const start = [box.launch, 'run', '--detach', '--workspace', 'local/main'];
  const end = ['--', pipeline, '-r', 'v1', '-profile', 'a,b'];
  t.same(await words(), [
    ...[...start, '--only-secret', 'FOO_KEY', ...end],
    ...['--greeting', "it's $HOME; `id`"],
  ]);
  await page.getByLabel('No secrets').check();
  await page.getByLabel('greeting').fill('0123');
  t.same(await words(), [...start, '--no-secrets', ...end, '-params-file', 'nf-escrow-params.json']);
  const file = join(box.launch, 'nf-escrow-params.json');
  t.same(
    JSON.parse(readFileSync(file, 'utf8')),
    { greeting: '0123' },
    'Nextflow would read an option as a number',
  );
  await page.getByRole('group', { name: 'How to enter' }).getByRole('button', { name: 'YAML' }).click();
  const yaml = "a: 'x'\nEOF\n$(id)\n\\n";
  await page.getByLabel('Parameters as YAML').fill(yaml);
  t.same((await words()).slice(-2), ['-params-file', 'nf-escrow-params.yaml']);
  t.equal(readFileSync(join(box.launch, 'nf-escrow-params.yaml'), 'utf8'), `${yaml}\n`);
});

void t.test('takes parameters as YAML for a pipeline without a schema', async (t) => {
  const opened = await open(t);
  if (opened === undefined) return;
  const { box, page } = opened;
  await fill(page, {
    Pipeline:
      'cat /proc/$PPID/cmdline | tr "\\0" "\\n" | grep params.json | xargs -I{} cp {} copy; touch done',
    'Launch directory': box.launch,
  });
  await page.getByText('No form is available: the pipeline').waitFor();
  const review = page.getByRole('button', { name: 'Review launch' });
  await page.getByLabel('Parameters as YAML').fill('input: [');
  await review.click();
  await errorOf(page, 'Parameters as YAML').getByText('is not valid YAML').waitFor();
  const problem = page.getByRole('alert');
  await problem.getByText('The request cannot be carried out').waitFor();
  await problem.getByText('Write one parameter per line').waitFor();
  t.equal(await page.getByLabel('Parameters as YAML').inputValue(), 'input: [', 'keeps what was typed');
  await page
    .getByLabel('Parameters as YAML')
    .fill('input: samples.csv\nskip: yes\nday: 2026-01-05\nlist: [1, 2]\n');
  await review.click();
  await page.getByRole('button', { name: 'Launch run' }).click();
  await page.locator('.screen-head').getByText('Succeeded').waitFor();
  t.ok(existsSync(join(box.launch, 'done')));
  t.same(JSON.parse(readFileSync(join(box.launch, 'copy'), 'utf8')), {
    ...{ input: 'samples.csv', skip: true, day: '2026-01-05', list: [1, 2] },
  });
  await goTo(page, '#/launch');
  await page.getByRole('button', { name: 'Clear' }).click();
  t.equal(await page.getByLabel('Pipeline').inputValue(), '');
});

void t.test('forgets the form when the person signs out', async (t) => {
  const opened = await open(t);
  if (opened === undefined) return;
  const { page } = opened;
  await page.getByLabel('Pipeline').fill('lab/private-project');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('Open the dashboard from a terminal').waitFor();
  t.notMatch(await page.evaluate('JSON.stringify({ ...sessionStorage })'), 'private-project');
});
