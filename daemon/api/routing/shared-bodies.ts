import type { Role } from '../../contract/types.ts';

/**
 * Bodies of responses by the result that they were made from, for results that requests share. Many clients poll the same list. A
 * body depends on the role of the caller, which decides the permissions.
 */
export class SharedBodies<Result extends object, Body extends object> {
  readonly #bodies = new WeakMap<Result, Map<Role, Body>>();

  /** Returns the body that `make` has made from the result for this role. */
  of(result: Result, role: Role, make: () => Body): Body {
    const ofResult = this.#bodies.get(result) ?? new Map<Role, Body>();
    this.#bodies.set(result, ofResult);
    const body = ofResult.get(role) ?? make();
    ofResult.set(role, body);
    return body;
  }
}

/** Texts of bodies that are sent again, so that they are written as JSON once. */
const texts = new WeakMap<object, Buffer>();

/** Returns the JSON text of a body in UTF-8. */
export function textOf(body: object): Buffer {
  const text = texts.get(body) ?? Buffer.from(JSON.stringify(body));
  texts.set(body, text);
  return text;
}
