import { outputIsTerminal, terminalSize } from './output.ts';

/** Where a listing goes, and what it may contain. */
export interface Display {
  readonly isTerminal: boolean;
  /** Columns that fit into a line; Infinity if no terminal limits them. */
  readonly width: number;
  /** Lines that fit on the screen; Infinity if they are not limited or not known. */
  readonly height: number;
  readonly hasColour: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Columns of a terminal that does not report them. */
export const DEFAULT_WIDTH = 80;

/** Returns the properties of standard output. */
export function displayOfOutput(env: Environment = process.env): Display {
  const isTerminal = outputIsTerminal();
  const { columns, rows } = terminalSize();
  return {
    isTerminal,
    width: isTerminal ? columns || DEFAULT_WIDTH : Infinity,
    height: isTerminal && rows > 0 ? rows : Infinity,
    hasColour: usesColour(env, isTerminal),
  };
}

/**
 * Returns whether output is coloured. The rules of GitHub CLI: CLICOLOR_FORCE always colours; NO_COLOR and CLICOLOR=0 never do;
 * otherwise a terminal decides.
 */
export function usesColour(env: Environment, isTerminal: boolean): boolean {
  const { CLICOLOR_FORCE: force = '', NO_COLOR: none = '', CLICOLOR: colour, TERM: terminal } = env;
  if (force !== '' && force !== '0') return true;
  return none === '' && colour !== '0' && terminal !== 'dumb' && isTerminal;
}
