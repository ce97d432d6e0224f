import { existsSync } from 'node:fs';
import { failure, ok, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

/** Whether the configuration file and the variables can be understood. */
export function checkSettings({ settingsError, paths }: DoctorContext): Check[] {
  if (settingsError !== undefined) return [failure('settings', settingsError.message, settingsError.hint)];
  const file = paths?.configFile ?? '';
  return [ok('settings', existsSync(file) ? file : `${file} is not there, and need not be`)];
}
