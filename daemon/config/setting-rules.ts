import { isAbsolute } from 'node:path';
import { COMPUTE_ENVIRONMENT_TITLE, WORKSPACE_TITLE } from '../contract/object-names.ts';
import { EscrowError } from '../errors.ts';
import { readListenSetting } from './listen-address.ts';
import { readOnLost } from './on-lost.ts';
import { isRunsDirectory } from './runs-directory.ts';
import type { SettingKey } from './setting-keys.ts';

/** What the value of a setting must be, in words after "must be". */
interface Rule {
  readonly words: string;
  readonly isMet: (text: string) => boolean | Promise<boolean>;
}

/** Settings that are not listed accept any text. The maximum values are within the range of dates and timers. */
const RULES: Partial<Record<SettingKey, Rule>> = {
  workspace: {
    words: 'ORG/NAME or SERVER:ORG/NAME, such as lab/rna',
    isMet: (text) => WORKSPACE_TITLE.test(text),
  },
  computeEnv: {
    words:
      'NAME or SERVER:NAME of a compute environment: lower-case letters, digits, hyphens and underscores',
    isMet: (text) => COMPUTE_ENVIRONMENT_TITLE.test(text),
  },
  runsDir: { words: 'an absolute path, in which {user} is the name of the user', isMet: isRunsDirectory },
  idleSeconds: numberUpTo(999_999_999),
  keepRunsDays: numberUpTo(36_500),
  hostLeaseSeconds: numberUpTo(7 * 24 * 3600),
  onLost: {
    words: 'purge-now, cancel-jobs, wait or wait:SECONDS',
    isMet: (text) => readOnLost(text) !== undefined,
  },
  writableByOthers: { words: 'warn or refuse', isMet: (text) => ['warn', 'refuse'].includes(text) },
  listen: { words: 'off, or a loopback address with a port, such as 127.0.0.1:8080', isMet: isListenSetting },
  pluginsDir: { words: 'an absolute path', isMet: isAbsolute },
  metricsTokenFile: { words: 'an absolute path', isMet: isAbsolute },
  trustedOwners: { words: 'names or numeric ids of users, separated by commas', isMet: areOwners },
};

function isListenSetting(text: string): boolean {
  try {
    readListenSetting(text);
    return true;
  } catch (error) {
    if (error instanceof EscrowError) return false;
    throw error;
  }
}

function numberUpTo(maximum: number): Rule {
  return {
    words: `a number from 0 to ${String(maximum)}`,
    isMet: (text) => /^[0-9]{1,9}$/.test(text) && Number(text) <= maximum,
  };
}

/**
 * Returns what the value of a setting must be, in words after "must be", or undefined if it can be any text.
 *
 * @public scripts/reference/settings.mjs imports it from dist/
 */
export function ruleOf(key: SettingKey): string | undefined {
  return RULES[key]?.words;
}

/** Returns the rule that a value violates, in words after "must be", or undefined. An empty value is valid: it is unset. */
export async function violatedRule(key: SettingKey, text: string): Promise<string | undefined> {
  const rule = RULES[key];
  return rule === undefined || text === '' || (await rule.isMet(text)) ? undefined : rule.words;
}

/** Splits the value of `trustedOwners`. */
export function splitOwners(text: string): string[] {
  return text
    .split(',')
    .map((owner) => owner.trim())
    .filter((owner) => owner !== '');
}

async function areOwners(text: string): Promise<boolean> {
  // Loaded only if it is set, because loading the validator slows down every command.
  const { validate } = await import('../contract/validate.ts');
  try {
    validate<'TrustedOwnerList'>('trusted-owner-list.json', splitOwners(text));
    return true;
  } catch (error) {
    if (error instanceof EscrowError) return false;
    throw error;
  }
}
