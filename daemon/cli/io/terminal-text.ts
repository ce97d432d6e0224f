import { StringDecoder } from 'node:string_decoder';
import { escapeLines } from '../../system/escape-text.ts';

/** Select Graphic Rendition, which changes only colour and weight of the text after it: ECMA-48, 8.3.117. */
const COLOUR = /(\x1b\[[0-9;:]{0,64}m)/;
/** A possible start of a colour sequence or of CR LF at the end of a chunk. */
const UNFINISHED = /(?:\x1b(?:\[[0-9;:]{0,64})?|\r)$/;
const RESET = '\x1b[0m';

/**
 * Escapes untrusted output for a terminal, chunk by chunk. Keeps text, newlines, tabs and colours, and turns every other
 * control character into a visible escape. Invalid UTF-8 becomes U+FFFD, because some terminals interpret the single byte
 * 0x9b as CSI.
 */
export class TerminalText {
  readonly #decoder = new StringDecoder('utf8');
  #held = '';
  #coloured = false;

  /** Returns the escaped output that is complete so far. */
  take(chunk: Uint8Array): string {
    const text = this.#held + this.#decoder.write(Buffer.from(chunk));
    this.#held = UNFINISHED.exec(text)?.[0] ?? '';
    return this.#escape(text.slice(0, text.length - this.#held.length));
  }

  /** Returns the rest, and resets the colour so that it does not affect the prompt. */
  end(): string {
    const rest = this.#escape(this.#held + this.#decoder.end());
    this.#held = '';
    return this.#coloured ? `${rest}${RESET}` : rest;
  }

  #escape(text: string): string {
    const parts = text.replaceAll('\r\n', '\n').split(COLOUR); // odd indexes are colours
    this.#coloured ||= parts.length > 1;
    return parts.map((part, index) => (index % 2 === 1 ? part : escapeLines(part))).join('');
  }
}
