/** Where secrets belong: a workspace or the user. */
export interface SecretPlace {
  /** Path of the list in the API. */
  readonly path: string;
  /** Title of the workspace; undefined for the user. */
  readonly workspace?: string;
  /** Options of commands that name the place. */
  readonly options: readonly string[];
}
