// Listings as people see them on a terminal, and as programs read them from a pipe.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import stringWidth from 'string-width';
import t, { type Test } from 'tap';
import { ShellTerminal, writeHold } from '../../support/environments/shell-terminal.ts';
import { accepts } from '../../support/hostile.ts';
import { launcher, Sandbox, until, type Environment } from '../../support/sandbox.ts';
import { canMakeTerminals, CTRL_C } from '../../support/terminal.ts';

const SGR = /\x1b\[[0-9;]*m/g;
const ISO = /\d{4}-\d\d-\d\dT\d\d:\d\d/;
const LONG = 'x'.repeat(60);

const LISTINGS = [
  'runs list',
  'status',
  'secrets list',
  'secrets list --user',
  'workspaces list',
  'orgs list',
  'compute-envs list',
  'config list',
  'audit',
] as const;

/** A sandbox whose objects have long names, with a live run in a deep directory and one that failed. */
async function filled(t: Test): Promise<Sandbox> {
  const box = new Sandbox(t);
  box.command = [launcher];
  box.env['NF_ESCROW_NODE'] = process.execPath;
  Object.assign(box.env, { TERM: 'xterm', NO_COLOR: '' }); // CI sets NO_COLOR
  await accepts(t, box, ['orgs', 'create', LONG]);
  await accepts(t, box, ['workspaces', 'create', `${LONG}/${LONG}`]);
  for (const scope of [[], ['--user']])
    await accepts(t, box, ['secrets', 'set', `KEY_${LONG.slice(0, 40)}`, ...scope], { input: 'value' });
  const runsDir = join(box.directory, 'runs', LONG, LONG);
  await accepts(t, box, ['compute-envs', 'create', LONG, '--platform', 'hpc', '--runs-dir', runsDir]);
  await box.escrow(['run', 'exit 3']);
  const deep = join(box.launch, '漢字'.repeat(10), LONG);
  mkdirSync(deep, { recursive: true });
  await accepts(t, box, ['run', '--detach', join(box.launch, writeHold(box))], { cwd: deep });
  await until('the run has started', () => existsSync(join(deep, 'here')));
  t.teardown(() => {
    writeFileSync(join(deep, 'go'), '');
  });
  return box;
}

/** Returns what a command line prints on a terminal of this size. */
async function onTerminal(
  box: Sandbox,
  line: string,
  { columns = 80, rows = 100, env = {} }: { columns?: number; rows?: number; env?: Environment } = {},
): Promise<string> {
  const inTerminal = `stty cols ${String(columns)} rows ${String(rows)}; exec ${launcher} ${line}`;
  const { stdout } = await box.startProgram('script', ['-qec', inTerminal, '/dev/null'], { env }).ended;
  return stdout.replaceAll('\r\n', '\n');
}

void t.test('listings fit the terminal, with relative times and coloured states', async (t) => {
  if (!canMakeTerminals(t)) return;
  const box = await filled(t);
  for (const listing of LISTINGS) {
    for (const columns of [80, 132]) {
      const screen = await onTerminal(box, listing, { columns });
      const lines = screen.split('\n');
      t.ok(lines.length > 2, `${listing} ${screen}`);
      for (const line of lines) t.ok(stringWidth(line.replace(SGR, '')) <= columns, `${listing}: ${line}`);
      t.notMatch(screen, ISO, `${listing}: relative times`);
    }
  }
  const runs = await onTerminal(box, 'runs list');
  t.match(runs, /^RUN +NAME +STATE +STARTED +SECRETS +NOT REMOVED$/m);
  t.match(runs, /\x1b\[31mfailed\x1b\[0m/);
  t.match(runs, /\x1b\[33mrunning\x1b\[0m/);
  t.match(await onTerminal(box, 'status'), /\x1b\[33mrunning\x1b\[0m .*(?:launch|\.\.\..*xxx)/);
  t.match(await onTerminal(box, 'doctor'), /^\x1b\[32mok {5}\x1b\[0m {2}/m);
  t.match(await onTerminal(box, 'runs list --time exact', { columns: 132 }), ISO);
  t.notMatch(await onTerminal(box, 'runs list --json'), '\x1b');
  for (const env of [{ NO_COLOR: '1' }, { CLICOLOR: '0' }, { TERM: 'dumb' }])
    t.notMatch(await onTerminal(box, 'runs list', { env }), '\x1b', JSON.stringify(env));
});

void t.test(
  'in a pipe, listings are whole rows of cells separated by tabs, without header and colour',
  async (t) => {
    const box = await filled(t);
    for (const listing of LISTINGS.filter((one) => one !== 'status')) {
      const { stdout, stderr } = await accepts(t, box, listing.split(' '));
      const rows = stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split('\t'));
      t.equal(new Set(rows.map((row) => row.length)).size, 1, `${listing}: each row has the same columns`);
      t.ok((rows[0]?.length ?? 0) > 2, stdout);
      t.notMatch(stdout, /\x1b|\.\.\.|^[A-Z]+\t[A-Z]/, listing);
      t.equal(stderr, '', listing);
    }
    const list = await accepts(t, box, ['runs', 'list']);
    t.match(
      list.stdout,
      /^r[a-z0-9]{24}\t\S+\trunning\t-\t\d{4}-\d\d-\d\dT\S+Z\t1\t1\nr[a-z0-9]{24}\t\S+\tpurged\tfailed\t/,
    );
    t.match(
      (await accepts(t, box, ['runs', 'list', '--time', 'relative'])).stdout,
      /\t(just now|\d+ \w+ ago)\t/,
    );
    t.match(
      (await accepts(t, box, ['runs', 'list'], { env: { CLICOLOR_FORCE: '1', NO_COLOR: '1' } })).stdout,
      /\t\x1b\[31mfailed\x1b\[0m\t/,
    );
    const none = await accepts(t, box, ['runs', 'list', '--state', 'materialized']);
    t.match(none, { stdout: '', stderr: /^No run matches/ }, 'a message for people is not part of the list');
  },
);

void t.test('a listing longer than the screen goes through the pager', async (t) => {
  if (!canMakeTerminals(t)) return;
  const box = new Sandbox(t);
  box.env['NF_ESCROW_NODE'] = process.execPath;
  const paged = join(box.launch, 'paged');
  const PAGER = `cat > ${paged}; echo shown by the pager`;
  const env = { TERM: 'xterm', PAGER };
  t.match(await onTerminal(box, 'config list', { rows: 5, env }), 'shown by the pager');
  t.match(readFileSync(paged, 'utf8'), /^KEY +VALUE +FROM\n(.+\n){10,}$/);
  for (const [size, environment] of [
    [{ rows: 50 }, env],
    [{ rows: 0 }, env],
    [{ rows: 5 }, { ...env, NF_ESCROW_PAGER: '' }],
    [{ rows: 5 }, { ...env, NF_ESCROW_PAGER: 'cat' }],
    [{ rows: 5 }, { ...env, TERM: 'dumb' }],
    [{ rows: 5 }, { ...env, PAGER: '/nonexistent/pager' }],
  ] as const) {
    const screen = await onTerminal(box, 'config list', { ...size, env: environment });
    t.notMatch(screen, 'shown by the pager', JSON.stringify(environment));
    t.match(screen, /keepRunsDays +90/, JSON.stringify(environment));
  }
  const { stdout } = await box.escrow(['config', 'list'], { env });
  t.match(stdout, /^keepRunsDays\t90\tdefault$/m, 'a pipe has no pager');
});

void t.test('Ctrl-C and q are keys of the pager, and the shell continues after it', async (t) => {
  if (!canMakeTerminals(t)) return;
  if (!existsSync('/usr/bin/less')) return t.pass('skipped', { skip: 'less is not installed' });
  const box = new Sandbox(t);
  const last =
    (await accepts(t, box, ['config', 'list'])).stdout.trimEnd().split('\n').at(-1)?.split('\t')[0] ?? '';
  t.match(last, /^\w+$/);
  const terminal = new ShellTerminal(t, box, 'env -u LESS -u PAGER TERM=xterm bash --norc -i');
  await terminal.answers('the first prompt');
  terminal.type('stty rows 5 cols 80; nf-escrow config list; touch ended-$?');
  await until('less waits for a key', () => /KEY +VALUE[^]*\r?\n:/.test(terminal.screen));
  terminal.press(CTRL_C);
  let pressed = 0;
  await until('the end of the list', () => {
    if (terminal.screen.includes(last)) return true;
    // Ctrl-C makes the terminal and less discard keys.
    if (performance.now() - pressed > 2000) {
      pressed = performance.now();
      terminal.press('G');
    }
    return undefined;
  });
  terminal.press('q');
  await until(`nf-escrow has ended\n${terminal.screen}`, () => existsSync(join(box.launch, 'ended-0')));
  await terminal.answers('the prompt after the pager');
});
