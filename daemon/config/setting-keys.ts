/** Each setting and its environment variable. */
const KEYS = {
  workspace: 'NF_ESCROW_WORKSPACE',
  computeEnv: 'NF_ESCROW_COMPUTE_ENV',
  nextflow: 'NF_ESCROW_NEXTFLOW',
  runsDir: 'NF_ESCROW_RUNS_DIR',
  idleSeconds: 'NF_ESCROW_IDLE_SECONDS',
  keepRunsDays: 'NF_ESCROW_KEEP_RUNS_DAYS',
  onLost: 'NF_ESCROW_ON_LOST',
  hostLeaseSeconds: 'NF_ESCROW_HOST_LEASE_SECONDS',
  vaultKeyCommand: 'NF_ESCROW_VAULT_KEY_COMMAND',
  writableByOthers: 'NF_ESCROW_WRITABLE_BY_OTHERS',
  trustedOwners: 'NF_ESCROW_TRUSTED_OWNERS',
  pluginsDir: 'NF_ESCROW_PLUGINS_DIR',
  listen: 'NF_ESCROW_LISTEN',
  metricsTokenFile: 'NF_ESCROW_METRICS_TOKEN_FILE',
  webhooks: 'NF_ESCROW_WEBHOOKS',
} as const;

/** Default values. The default of `runsDir` depends on the state directory. */
export const settingDefaults = {
  workspace: 'local/main',
  idleSeconds: '900',
  keepRunsDays: '90',
  onLost: 'purge-now',
  hostLeaseSeconds: '60',
  writableByOthers: 'warn',
  listen: 'off',
} as const;

/** Settings that are lists: separated by commas, or a list in YAML. */
export const listSettings: readonly string[] = ['trustedOwners'] satisfies (keyof typeof KEYS)[];

/** Settings that are lists of objects: JSON, or the same structure in YAML. */
export const structuredSettings: readonly string[] = ['webhooks'] satisfies (keyof typeof KEYS)[];

export type SettingKey = keyof typeof KEYS;

export const settingKeys = Object.keys(KEYS) as readonly SettingKey[];

/** Returns the environment variable of a setting. */
export function settingVariable(key: SettingKey): string {
  return KEYS[key];
}

/** Returns whether a text is the name of a setting. */
export function isSettingKey(text: string): text is SettingKey {
  return Object.hasOwn(KEYS, text);
}
