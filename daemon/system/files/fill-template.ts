import { readFileSync } from 'node:fs';
import { packageFile } from '../../package-files.ts';

/**
 * Returns the text of `templates/<name>` with each `@NAME@` replaced by the value of NAME. A value that looks like a
 * placeholder, such as a directory name, is not replaced again. Throws for a placeholder without a value.
 */
export function fillTemplate(name: string, values: Readonly<Record<string, string>>): string {
  const template = readFileSync(packageFile(`templates/${name}`), 'utf8');
  return template.replace(/@([A-Z_]+)@/g, (_, key: string) => {
    const value = values[key];
    if (value === undefined) throw new Error(`templates/${name} has no value for @${key}@`);
    return value;
  });
}
