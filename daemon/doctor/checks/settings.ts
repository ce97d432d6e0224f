import { existsSync } from 'node:fs';
import { failure, ok, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

/** Checks that the configuration file and the environment variables are valid. */
export function checkSettings({ settingsError, paths }: DoctorContext): Check[] {
  if (settingsError !== undefined) return [failure('settings', settingsError.message, settingsError.hint)];
  const file = paths?.configFile ?? '';
  return [ok('settings', existsSync(file) ? file : `${file} does not exist; it is optional`)];
}
