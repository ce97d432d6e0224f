/** A mistake of a new user: a line that they type in a shell, and what the program answers. */
export interface Mistake {
  /** The line. It has the same meaning in bash, dash, zsh and fish. */
  readonly line: string;
  readonly status: number;
  /** The message without `nf-escrow: `. `$BOX` stands for the sandbox. */
  readonly says: string;
  /** The line below it. */
  readonly hint: string;
}
