/** The server keeps each named statement, with its plan, for each connection. */
const NAMES_MAX = 150;
/** Statements with lists of other lengths each time would take all names. */
const PARAMETERS_MAX = 30;
const NAMED = /^\s*(?:select|insert|update|delete|with)\b/i;

/**
 * Names for the statements of a pool. The server plans a named statement once for each connection and not at each execution, which takes
 * longer than the execution of most statements.
 */
export class StatementNames {
  readonly #names = new Map<string, string>();

  /** Returns the name of a statement, or undefined if it gets none. */
  of(text: string, parameters: number): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    if (this.#names.size >= NAMES_MAX || parameters > PARAMETERS_MAX || !NAMED.test(text)) return undefined;
    const name = `nfe_${String(this.#names.size)}`;
    this.#names.set(text, name);
    return name;
  }
}
