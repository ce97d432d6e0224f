// npm run recording: runs the commands of the README in a terminal, and writes docs/images/first-run.svg.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { drawTerminal } from './recording/draw-terminal.mjs';
import { readScreen } from './recording/read-screen.mjs';
import { constantText } from './recording/constant-text.mjs';
import { ensureBuilt, ensureDependencies, ensureJava, ensureNextflow, ensurePlugin } from './set-up.mjs';
import { root, runDriver, say } from './steps.mjs';

const FILE = join(root, 'docs/images/first-run.svg');
/** As many characters as the README says. */
const VALUE_LENGTH = 20;
const PROMPT = /^<\d+> /;

runDriver(async () => {
  ensureDependencies();
  ensureBuilt();
  ensurePlugin();
  const nextflow = ensureJava() === undefined ? undefined : ensureNextflow();
  if (nextflow === undefined) throw new Error('The recording needs Java 17 or later and Nextflow.');
  const load = async (file) => import(pathToFileURL(join(root, 'dist', file)).href);
  const { Sandbox, until } = await load('test/support/sandbox.js');
  const { Terminal } = await load('test/support/terminal.js');
  const { commandsOf, filesIn } = await load('test/support/documents/pages.js');
  const commands = commandsOf('README.md').filter(({ notRun }) => notRun === undefined);
  const value = randomBytes(VALUE_LENGTH / 2).toString('hex');
  const ends = [];
  const test = { teardown: (end) => ends.unshift(end) };
  try {
    const box = new Sandbox(test, nextflow);
    box.env.NF_ESCROW_NODE = process.execPath;
    for (const [name, text] of filesIn('README.md')) writeFileSync(join(box.launch, name), text);
    const terminal = new Terminal(test, box, box.launch);
    await terminal.command('stty cols 250 rows 60');
    await terminal.command('nf-escrow daemon start');
    const start = terminal.screen.lastIndexOf('<');
    for (const { text } of commands) {
      say(text);
      await terminal.type(text);
      if (text.includes('secrets set')) {
        await until('the prompt for the value', () => terminal.screen.includes('Value of'));
        terminal.press(`${value}\r`);
      }
      const status = await terminal.prompt();
      if (status !== '0') throw new Error(`${text} failed with status ${status}:\n${terminal.screen}`);
    }
    const screen = terminal.screen.slice(start);
    if (screen.includes(value)) throw new Error('The terminal showed the value of the secret.');
    const paths = [
      [box.state, '/home/you/.local/state/nf-escrow'],
      [box.directory, '/home/you'],
    ];
    const lines = readScreen(screen).map((line) => constantText(line, paths));
    // The last line is the prompt after the last command.
    const shown = lines.slice(0, -1).map((line) => ({
      text: line.replace(PROMPT, '$ '),
      isCommand: PROMPT.test(line),
    }));
    writeFileSync(FILE, drawTerminal(shown));
    say(`wrote ${FILE}`);
  } finally {
    for (const end of ends) await end();
  }
});
