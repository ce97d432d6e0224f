import type { Contract } from '../../contract/types.ts';

/** Converts the title of a schema to the name of its file without the extension: `RunList` to `run-list`. */
type Kebab<Title extends string> = Title extends `${infer First}${infer Rest}`
  ? `${Lowercase<First>}${KebabRest<Rest>}`
  : '';
type KebabRest<Text extends string> = Text extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `-${Lowercase<First>}`}${KebabRest<Rest>}`
  : '';

/** The types of the files in schemas/, by name without extension. */
export type Schemas = { [Title in keyof Contract as Kebab<Title>]-?: NonNullable<Contract[Title]> };

/** The name of a file in schemas/ without its extension. */
export type SchemaFile = keyof Schemas;
