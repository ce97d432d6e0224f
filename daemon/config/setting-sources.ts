import {
  readConfigFile,
  readSiteFile,
  SITE_FILE,
  type FileSettings,
  type SiteSettings,
} from './config-file.ts';
import type { Environment } from './paths.ts';
import { settingDefaults, settingVariable, type SettingKey } from './setting-keys.ts';

/** The value of a setting and its source. */
export interface SettingValue {
  /** Undefined if it is not set and has no fixed default. */
  readonly value: string | undefined;
  /** Name of the variable, `config.yaml`, path of the site's file, or `default`. */
  readonly from: string;
  /** Where it is set, for messages: a variable, or file, line and column. */
  readonly place: string;
  /** Whether the site prevents users from changing it. */
  readonly isLocked: boolean;
}

/** The sources of settings: environment variables, the user's file and the site's file. */
export class SettingSources {
  readonly #env: Environment;
  readonly #user: FileSettings;
  readonly #site: SiteSettings;

  constructor(env: Environment, user: FileSettings, site: SiteSettings) {
    this.#env = env;
    this.#user = user;
    this.#site = site;
  }

  /** Throws `config-invalid`, `permissions-too-open`. */
  static async read(env: Environment, userFile: string, siteFile = SITE_FILE): Promise<SettingSources> {
    const [user, site] = [await readConfigFile(userFile), await readSiteFile(siteFile)];
    return new SettingSources(env, user, site);
  }

  /** Returns a setting. Variables override the user's file, which overrides the site's. A locked setting comes from the site. */
  lookUp(key: SettingKey): SettingValue {
    const isLocked = this.#site.locked.has(key);
    const variable = settingVariable(key);
    const own = this.#env[variable] || undefined;
    const [user, site] = [this.#user.get(key), this.#site.values.get(key)];
    const said = [
      { value: own, from: variable, place: variable },
      { value: user?.text, from: 'config.yaml', place: user?.place ?? '' },
    ];
    const ofSite = { value: site?.text, from: SITE_FILE, place: site?.place ?? '' };
    const found = (isLocked ? [ofSite] : [...said, ofSite]).find(({ value }) => value !== undefined);
    return { ...(found ?? { value: defaultOf(key), from: 'default', place: 'the defaults' }), isLocked };
  }
}

function defaultOf(key: SettingKey): string | undefined {
  const defaults: Partial<Record<SettingKey, string>> = settingDefaults;
  return defaults[key];
}
