import { escapeText } from '../../system/escape-text.ts';
import { paintState } from './colour.ts';
import { displayOfOutput } from './display.ts';
import { write } from './output.ts';

/** Prints a line that contains a state, in the colour of the state. `before` and `after`: the rest of the line. */
export function printState(before: string, state: string, after = ''): void {
  const text = escapeText(state);
  const shown = displayOfOutput().hasColour ? paintState(text, state.trim()) : text;
  write(`${escapeText(before)}${shown}${escapeText(after)}\n`);
}
