import { StringDecoder } from 'node:string_decoder';
import { escapeLines } from '../../system/escape-text.ts';

/** Select Graphic Rendition, which changes colour and weight of what follows and nothing else: ECMA-48, 8.3.117. */
const COLOUR = /(\x1b\[[0-9;:]{0,64}m)/;
/** What may be the beginning of one, or of CR LF, at the end of a chunk. */
const UNFINISHED = /(?:\x1b(?:\[[0-9;:]{0,64})?|\r)$/;
const RESET = '\x1b[0m';

/**
 * Makes output that others wrote fit to be shown on a terminal, chunk by chunk: text, newlines, tabs and colours stay;
 * every other control becomes a visible escape. Bytes that are not UTF-8 become U+FFFD: the single byte 0x9b is CSI to
 * some terminals.
 */
export class TerminalText {
  readonly #decoder = new StringDecoder('utf8');
  #held = '';
  #coloured = false;

  /** Returns what of the output so far can be shown now. */
  take(chunk: Uint8Array): string {
    const text = this.#held + this.#decoder.write(Buffer.from(chunk));
    this.#held = UNFINISHED.exec(text)?.[0] ?? '';
    return this.#escape(text.slice(0, text.length - this.#held.length));
  }

  /** Returns the rest, and takes back a colour: it is not to go on in the prompt. */
  end(): string {
    const rest = this.#escape(this.#held + this.#decoder.end());
    this.#held = '';
    return this.#coloured ? `${rest}${RESET}` : rest;
  }

  #escape(text: string): string {
    const parts = text.replaceAll('\r\n', '\n').split(COLOUR); // the odd ones are colours
    this.#coloured ||= parts.length > 1;
    return parts.map((part, index) => (index % 2 === 1 ? part : escapeLines(part))).join('');
  }
}
