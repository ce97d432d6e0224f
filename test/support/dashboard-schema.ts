type Schema = Readonly<Record<string, unknown>>;

/** Returns the JSON schema of an object with these properties and no others. Properties that end in `?` are optional. */
function closed(properties: Readonly<Record<string, Schema>>): Schema {
  const entries = Object.entries(properties).map(
    ([name, schema]) => [name.replace('?', ''), schema] as const,
  );
  const required = Object.keys(properties).filter((name) => !name.endsWith('?'));
  return { type: 'object', additionalProperties: false, required, properties: Object.fromEntries(entries) };
}
const list = (items: Schema): Schema => ({ type: 'array', items });
const oneOf = (...values: unknown[]): Schema => ({ enum: values });
const text = { type: 'string', minLength: 1 };
const flag = { type: 'boolean' };
const count = { type: 'integer', minimum: 0 };

const datasource = closed({ type: oneOf('prometheus'), uid: text });
const target = closed({
  expr: text,
  legendFormat: text,
  refId: { type: 'string', pattern: '^[A-Z]$' },
  datasource,
});
const thresholds = closed({
  mode: oneOf('absolute', 'percentage'),
  // The first step has no lower limit.
  steps: {
    type: 'array',
    prefixItems: [closed({ color: text, value: { type: 'null' } })],
    items: closed({ color: text, value: { type: 'number' } }),
    minItems: 1,
  },
});
const panel = closed({
  id: { type: 'integer', minimum: 1 },
  type: oneOf('stat', 'timeseries'),
  title: text,
  description: text,
  datasource,
  gridPos: closed({
    x: count,
    y: count,
    w: { type: 'integer', minimum: 1, maximum: 24 },
    h: { type: 'integer', minimum: 1 },
  }),
  targets: { ...list(target), minItems: 1 },
  fieldConfig: closed({
    defaults: closed({ unit: text, 'min?': { type: 'number' }, 'thresholds?': thresholds }),
    overrides: { type: 'array', maxItems: 0 },
  }),
  options: closed({}),
});
const variable = {
  oneOf: [
    closed({ name: text, label: text, type: oneOf('datasource'), query: oneOf('prometheus') }),
    closed({
      name: text,
      label: text,
      type: oneOf('query'),
      datasource,
      query: closed({ query: text, refId: text }),
      includeAll: flag,
      multi: flag,
      allValue: text,
      // 0: never, 1: when the dashboard is loaded, 2: when the time range changes.
      refresh: oneOf(0, 1, 2),
    }),
  ],
};

/**
 * JSON schema of the properties that templates/monitoring/grafana-dashboard.json uses. Grafana ignores unknown properties, so a
 * misspelled one would have no effect. Source: Grafana's documentation, "Dashboard JSON model".
 */
export const dashboardSchema = closed({
  title: text,
  uid: { type: 'string', pattern: '^[a-zA-Z0-9_-]{1,40}$' },
  description: text,
  tags: list(text),
  schemaVersion: { type: 'integer', minimum: 36 },
  version: count,
  editable: flag,
  refresh: { type: 'string', pattern: '^[0-9]+[smhd]$' },
  time: closed({ from: text, to: text }),
  timezone: oneOf('browser', 'utc'),
  templating: closed({ list: list(variable) }),
  annotations: closed({ list: { type: 'array', maxItems: 0 } }),
  panels: { ...list(panel), minItems: 1 },
});
