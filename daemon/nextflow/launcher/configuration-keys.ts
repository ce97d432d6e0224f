import { readFileSync } from 'node:fs';
import { packageFile } from '../../package-files.ts';

/** Returns the keys of Nextflow's configuration in a run request: those that any platform sets. */
export function configurationKeys(): readonly string[] {
  const file = packageFile('schemas/run-request.json');
  const { properties } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly properties: { readonly configured: { readonly properties: Readonly<Record<string, unknown>> } };
  };
  return Object.keys(properties.configured.properties);
}
