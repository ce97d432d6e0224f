import { keyOf, type Principal } from '../../access/principal.ts';

/**
 * Bodies of responses by the result that they were made from, for results that requests share. Many clients poll the same list. A
 * body depends on the principal: on its roles, its token and what it may see.
 */
export class SharedBodies<Result extends object, Body extends object> {
  readonly #bodies = new WeakMap<Result, Map<string, Body>>();

  /** Returns the body that `make` has made from the result for this principal and its token. */
  of(result: Result, by: Principal, make: () => Body): Body {
    const key = by.kind === 'machine' ? keyOf(by) : `${keyOf(by)} ${by.token?.id ?? ''}`;
    const ofResult = this.#bodies.get(result) ?? new Map<string, Body>();
    this.#bodies.set(result, ofResult);
    const body = ofResult.get(key) ?? make();
    ofResult.set(key, body);
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
