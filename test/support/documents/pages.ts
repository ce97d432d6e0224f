// Finds the pages of the documentation and the commands in them.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../sandbox.ts';

/** A command of a page: one line after a prompt, with its continuation lines, or a whole block of `sh`. */
export interface PageCommand {
  readonly text: string;
  /** The lines of output that the page shows after it. */
  readonly shown: readonly string[];
  readonly line: number;
  /** Why the command is only checked and not run. */
  readonly notRun: string | undefined;
  /** The exit status that the page describes. */
  readonly status: number;
}

const SKIPPED = new Set(['adr']);
/** Languages of blocks with commands. In `console`, commands follow a prompt: `$`, or `#` for root. */
const SHELL_BLOCK = /^(console|sh|bash)$/;
/** Comments before a block. Readers do not see them. */
const NOT_RUN = /^ *<!-- not run: (.+) -->$/;
const STATUS = /^ *<!-- exit status: (\d+) -->$/;

/** Returns the paths of all pages with commands for users or contributors, relative to the checkout. */
export function pages(): string[] {
  const below = (directory: string): string[] =>
    readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : below(join(directory, entry.name));
      return entry.name.endsWith('.md') ? [join(directory, entry.name)] : [];
    });
  return [...['README.md', 'CONTRIBUTING.md', 'SECURITY.md'].filter(isThere), ...below('docs').sort()];
}

function isThere(name: string): boolean {
  return existsSync(join(root, name));
}

/** Returns the commands of a page, in their order. */
export function commandsOf(page: string): PageCommand[] {
  return commandsIn(readFileSync(join(root, page), 'utf8'));
}

/** Returns the commands in the text of a page. */
export function commandsIn(text: string): PageCommand[] {
  const lines = text.split('\n');
  const commands: PageCommand[] = [];
  let notRun: string | undefined;
  let status = 0;
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    notRun = NOT_RUN.exec(line)?.[1] ?? (isBetween(line) ? notRun : undefined);
    status = Number(STATUS.exec(line)?.[1] ?? (isBetween(line) ? status : 0));
    const [, language] = /^ *```(\S*)/.exec(line) ?? [];
    if (language === undefined) continue;
    const end = lines.findIndex((other, at) => at > index && /^ *```$/.test(other));
    const body = lines.slice(index + 1, end);
    if (SHELL_BLOCK.test(language)) {
      const found =
        language === 'console' ? promptedIn(body) : [{ text: body.join('\n'), shown: [], line: 0 }];
      const isLast = (at: number): boolean => at === found.length - 1;
      commands.push(
        ...found.map((each, at) => ({
          ...each,
          line: index + 2 + each.line,
          notRun,
          status: isLast(at) ? status : 0,
        })),
      );
    }
    index = end;
    notRun = undefined;
    status = 0;
  }
  return commands;
}

/** Whether a line may be between a comment and its block. */
function isBetween(line: string): boolean {
  return line === '' || /^ *<!-- /.test(line) || /^ *```/.test(line);
}

/** Returns the commands after prompts, each with the output that follows it. */
function promptedIn(body: readonly string[]): { text: string; shown: string[]; line: number }[] {
  const found: { text: string; shown: string[]; line: number }[] = [];
  let isContinued = false;
  for (const [line, content] of body.entries()) {
    const first: string | undefined = isContinued ? undefined : /^ *[$#] (.*)$/.exec(content)?.[1];
    const last = found.at(-1);
    if (first !== undefined) found.push({ text: first, shown: [], line });
    else if (last === undefined) throw new Error(`Output without a command: ${content}`);
    else if (isContinued) last.text += `\n${content}`;
    else last.shown.push(content);
    isContinued = (first !== undefined || isContinued) && content.endsWith('\\');
  }
  return found;
}

/** Returns the commands that the prose of a page names as inline code, such as `nf-escrow runs list`. */
export function namedIn(page: string): string[] {
  const prose = readFileSync(join(root, page), 'utf8').replace(/^ *```.*?^ *```$/gms, '');
  return [...prose.replaceAll('\\|', '|').matchAll(/`(nf-escrow [a-z][^`]*)`/g)].map(([, command = '']) =>
    command.replace(/\s+/g, ' '),
  );
}

/** Returns the files that a page has the reader save: "… as `main.nf`", followed by a block with the text. */
export function filesIn(page: string): [name: string, text: string][] {
  const text = readFileSync(join(root, page), 'utf8');
  const found = text.matchAll(/\bas\s+`([\w./-]+)`(?:(?!```)[^])*?\n```\w+\n([^]*?)^```$/gm);
  return [...found].map(([, name = '', content = '']) => [name, content]);
}
