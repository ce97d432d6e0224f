import { escapeText } from '../../system/escape-text.ts';
import { DEFAULT_WIDTH } from './display.ts';
import { outputIsTerminal, print, terminalSize, write } from './output.ts';

/** Returns to the start of the line and erases it: ECMA-48, EL. */
const ERASE = '\r\x1b[K';

/** Returns whether standard output is a terminal that can erase a line. */
export function showsStatusLine(env: Readonly<Record<string, string | undefined>>): boolean {
  return outputIsTerminal() && env['TERM'] !== 'dumb';
}

/** The last line on the terminal, which is replaced while other lines are printed above it. */
export class StatusLine {
  readonly #look: () => Promise<string>;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #text = '';
  #isLooking = false;
  #isStopped = false;

  /** `look` returns the current text. If it fails, the line keeps the last text. */
  constructor(look: () => Promise<string>, everyMs: number) {
    this.#look = look;
    this.#everyMs = everyMs;
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      this.update();
    }, this.#everyMs);
    this.update();
  }

  /** Erases the line, and does not show it again. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#draw('');
  }

  /** Prints a line that stays. */
  printAbove(line: string): void {
    const text = this.#text;
    this.#draw('');
    print(line);
    this.#draw(text);
  }

  /** Gets the current text and shows it. */
  update(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const show = (text: string): void => {
      this.#isLooking = false;
      if (!this.#isStopped) this.#draw(text);
    };
    this.#look().then(show, () => {
      show(this.#text); // the daemon was killed; the next look may start another
    });
  }

  #draw(text: string): void {
    if (this.#text === '' && text === '') return;
    this.#text = text;
    // A line that is too long would wrap, and only its last part could be erased.
    const columns = terminalSize().columns || DEFAULT_WIDTH;
    write(`${ERASE}${escapeText(text).slice(0, columns - 1)}`);
  }
}
