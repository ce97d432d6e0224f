import type { ArgumentNode } from './command-tree.ts';

/** A word that can be inserted, and what it stands for. */
export interface Candidate {
  readonly word: string;
  readonly description?: string;
  /** Offered only if no other candidate matches. */
  readonly isAlternative?: boolean;
}

/** What can be inserted at the cursor. */
export type Completion =
  | { readonly words: readonly Candidate[]; readonly prefix?: string }
  | { readonly isFile: true }
  /** A value that is known only at run time. `prefix`: the option and the equals sign before it. */
  | { readonly value: ArgumentNode; readonly place: Place; readonly prefix?: string };

/** Where a value is completed: the command, such as `secrets show`, and the words before the cursor. */
export interface Place {
  readonly command: string;
  /** The option whose value it is. */
  readonly option?: string;
  readonly before: readonly string[];
  /** The part of the value before the cursor. */
  readonly typed: string;
}
