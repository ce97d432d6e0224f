import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Returns the keys of Nextflow's configuration in a run request: those that any platform sets. */
export function configurationKeys(): readonly string[] {
  const file = fileURLToPath(import.meta.resolve('#schemas/run-request.json'));
  const { properties } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly properties: { readonly configured: { readonly properties: Readonly<Record<string, unknown>> } };
  };
  return Object.keys(properties.configured.properties);
}
