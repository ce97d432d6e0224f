/** SGR parameters: ECMA-48, 8.3.117. */
const GREEN = '32';
const YELLOW = '33';
const RED = '31';
const GREY = '90';

/** The colour of each state, outcome and result that commands show. Other words have none. */
const COLOURS: Readonly<Record<string, string>> = {
  succeeded: GREEN,
  ok: GREEN,
  open: GREEN,
  absent: GREEN,
  created: YELLOW,
  materialized: YELLOW,
  running: YELLOW,
  ended: YELLOW,
  warning: YELLOW,
  locked: YELLOW,
  unknown: YELLOW,
  failed: RED,
  failure: RED,
  lost: RED,
  unusable: RED,
  present: RED,
  purged: GREY,
  cancelled: GREY,
  aborted: GREY,
  empty: GREY,
};

/** Returns a text in the colour of a state. `text`: escaped already, because terminals interpret the result. */
export function paintState(text: string, state: string): string {
  const colour = Object.hasOwn(COLOURS, state) ? COLOURS[state] : undefined;
  return colour === undefined ? text : `\x1b[${colour}m${text}\x1b[0m`;
}
