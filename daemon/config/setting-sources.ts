import { readConfigFile, readSiteFile, SITE_FILE, type SiteSettings } from './config-file.ts';
import type { Environment } from './paths.ts';
import { settingDefaults, settingVariable, type SettingKey } from './setting-keys.ts';

/** The value of a setting and its source. */
export interface SettingValue {
  /** Undefined if it is not set and has no fixed default. */
  readonly value: string | undefined;
  /** Name of the variable, `config.yaml`, path of the site's file, or `default`. */
  readonly from: string;
  /** Whether the site prevents users from changing it. */
  readonly isLocked: boolean;
}

/** The sources of settings: environment variables, the user's file and the site's file. */
export class SettingSources {
  readonly #env: Environment;
  readonly #user: ReadonlyMap<SettingKey, string>;
  readonly #site: SiteSettings;

  constructor(env: Environment, user: ReadonlyMap<SettingKey, string>, site: SiteSettings) {
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
    const said: readonly (readonly [string | undefined, string])[] = [
      [own, variable],
      [this.#user.get(key), 'config.yaml'],
    ];
    const site = [this.#site.values.get(key), SITE_FILE] as const;
    const [value, from] = (isLocked ? [site] : [...said, site]).find(([text]) => text !== undefined) ?? [
      defaultOf(key),
      'default',
    ];
    return { value, from, isLocked };
  }
}

function defaultOf(key: SettingKey): string | undefined {
  const defaults: Partial<Record<SettingKey, string>> = settingDefaults;
  return defaults[key];
}
