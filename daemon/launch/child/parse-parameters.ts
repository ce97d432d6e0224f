import { LineCounter, parseDocument, type ScalarTag, type Tags } from 'yaml';
import { whyNotYaml } from '../../config/yaml-entries.ts';
import type { ChildTasks } from './tasks.ts';

/** Aliases can repeat a value exponentially. */
const ALIASES_MAX = 100;
/** JSON, which Nextflow reads afterwards, has no such values. Dates stay text. */
const WITHOUT: readonly string[] = ['binary', 'bool', 'omap', 'pairs', 'set', 'timestamp'];

/** Booleans as Nextflow reads them (SnakeYAML): unlike the parser's own rule for YAML 1.1, `y` and `n` are text. */
const BOOLEANS: readonly ScalarTag[] = [
  boolean(/^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/, true),
  boolean(/^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/, false),
];

/** A value that JSON cannot represent exactly. */
class Unrepresentable extends Error {}

/** Reads parameters from YAML 1.1, which Nextflow uses for parameters files. Messages never quote the text. */
export function parseParameters(text: string): ChildTasks['text']['output'] {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    ...{ version: '1.1', intAsBigInt: true, lineCounter: lines, prettyErrors: false, customTags: tagsOf },
  });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    return {
      failure: `line ${String(line)}, column ${String(col)} is not valid YAML: ${whyNotYaml(error.code)}`,
    };
  }
  try {
    const parameters: unknown = JSON.parse(
      JSON.stringify(document.toJS({ maxAliasCount: ALIASES_MAX }) ?? {}, representable),
    );
    if (typeof parameters === 'object' && parameters !== null && !Array.isArray(parameters))
      return { parameters };
    return { failure: 'it must contain "name: value" lines' };
  } catch (error) {
    return { failure: error instanceof Unrepresentable ? error.message : 'an alias is wrong' };
  }
}

function tagsOf(tags: Tags): Tags {
  const kept = tags.filter(
    (tag) => typeof tag === 'string' || !WITHOUT.some((name) => tag.tag.endsWith(`:${name}`)),
  );
  return [...kept, ...BOOLEANS];
}

function boolean(test: RegExp, value: boolean): ScalarTag {
  return { tag: 'tag:yaml.org,2002:bool', default: true, test, resolve: () => value };
}

function representable(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    if (Number.isSafeInteger(Number(value))) return Number(value);
    throw new Unrepresentable('it contains a number with too many digits. Put it between quotes');
  }
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new Unrepresentable('it contains a number that is not finite. Put it between quotes');
  return value;
}
