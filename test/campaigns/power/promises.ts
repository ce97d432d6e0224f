/**
 * The secrets that a session may expect at a moment. The session writes the marks `begin set NAME VALUE` and `end set NAME
 * VALUE` around each command, and likewise `remove NAME`. Between the two, the old and the new state are both correct.
 */
export class Promises {
  readonly #secrets = new Map<string, (string | null)[]>();
  readonly #values = new Set<string>();

  read(marks: string): void {
    for (const mark of marks.split('\n').filter(Boolean)) {
      const [when, what, name = '', value] = mark.split(' ');
      if (what !== 'set' && what !== 'remove') continue;
      const wanted = what === 'set' ? (value ?? null) : null;
      if (wanted !== null) this.#values.add(wanted);
      const before = this.#secrets.get(name) ?? [null];
      this.#secrets.set(name, when === 'begin' ? [...before, wanted] : [wanted]);
    }
  }

  now(): {
    readonly secrets: Readonly<Record<string, readonly (string | null)[]>>;
    readonly values: readonly string[];
  } {
    return { secrets: Object.fromEntries(this.#secrets), values: [...this.#values] };
  }
}
