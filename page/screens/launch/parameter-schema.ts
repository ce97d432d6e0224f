/** A parameter of a pipeline, as its author describes it. All texts come from the pipeline. */
export interface Parameter {
  readonly name: string;
  readonly kind: 'switch' | 'number' | 'choice' | 'text' | 'json';
  readonly choices: readonly { readonly text: string; readonly value: unknown }[];
  readonly isRequired: boolean;
  readonly isHidden: boolean;
  readonly isPath: boolean;
  readonly description: string | undefined;
  readonly help: string | undefined;
  /** The text of the default value; undefined without one. */
  readonly standard: string | undefined;
}

/** Parameters that belong together. */
export interface ParameterGroup {
  readonly title: string;
  readonly description: string | undefined;
  readonly parameters: readonly Parameter[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Names that the API accepts. */
const NAME = /^_?[A-Za-z][A-Za-z0-9_.-]{0,126}$/;
const PARAMETERS_MAX = 2000;
const CHOICES_MAX = 500;
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/;

/**
 * Returns the groups of a `nextflow_schema.json`, in the forms of nf-core (`definitions` or `$defs` with `allOf`), or with plain
 * properties. Ignores what does not have the expected form. Patterns are left to the daemon: one of them can take forever.
 */
export function groupsOf(schema: Fields): ParameterGroup[] {
  const required = textsOf(schema['required']);
  const all: readonly (readonly [string, Fields])[] = [
    ...definitionsOf(schema),
    ['Other parameters', { properties: schema['properties'] }],
  ];
  let left = PARAMETERS_MAX;
  return all.flatMap(([title, group]) => {
    const names = new Set([...required, ...textsOf(group['required'])]);
    const parameters = Object.entries(fieldsOf(group['properties']))
      .filter(([name]) => NAME.test(name))
      .slice(0, left)
      .map(([name, one]) => parameterOf(name, fieldsOf(one), names.has(name)));
    left -= parameters.length;
    if (parameters.length === 0) return [];
    return [
      { title: textOf(group['title']) ?? title, description: textOf(group['description']), parameters },
    ];
  });
}

/** Returns the value of a parameter for the API. A text that does not fit stays a text, and the daemon explains why it does not. */
export function valueOf({ kind, choices }: Parameter, text: string): unknown {
  if (kind === 'switch') return text === 'true';
  if (kind === 'choice') return choices.find((one) => one.text === text)?.value ?? text;
  if (kind === 'number') return isExact(text) ? Number(text) : text;
  if (kind === 'text') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function isExact(text: string): boolean {
  return NUMBER.test(text) && (!/^-?\d+$/.test(text) || Number.isSafeInteger(Number(text)));
}

/** The definitions to which the schema refers; all of them if it refers to none. */
function definitionsOf(schema: Fields): readonly (readonly [string, Fields])[] {
  const definitions = Object.entries(fieldsOf(schema['$defs'] ?? schema['definitions']));
  const referred = (Array.isArray(schema['allOf']) ? schema['allOf'] : []).map((one) =>
    textOf(fieldsOf(one)['$ref'])?.split('/').at(-1),
  );
  return definitions
    .filter(([name]) => referred.length === 0 || referred.includes(name))
    .map(([name, one]) => [name.replaceAll('_', ' '), fieldsOf(one)] as const);
}

function parameterOf(name: string, one: Fields, isRequired: boolean): Parameter {
  const choices = (Array.isArray(one['enum']) ? one['enum'] : [])
    .slice(0, CHOICES_MAX)
    .map((value: unknown) => ({ value, text: shown(value) }));
  return {
    name,
    kind: choices.length > 0 ? 'choice' : kindOf([one['type']].flat()),
    choices,
    isRequired,
    isHidden: one['hidden'] === true,
    isPath: /path/.test(textOf(one['format']) ?? ''),
    description: textOf(one['description']),
    help: textOf(one['help_text']),
    standard: one['default'] === undefined || one['default'] === null ? undefined : shown(one['default']),
  };
}

function kindOf(types: readonly unknown[]): Parameter['kind'] {
  if (types.includes('string')) return 'text';
  if (types.includes('integer') || types.includes('number')) return 'number';
  if (types.includes('boolean')) return 'switch';
  return types.includes('array') || types.includes('object') ? 'json' : 'text';
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
