/** What a run executes or writes for execution: its name, and an alternative that other users cannot change. */
const USES = {
  launch: {
    title: 'launch directory',
    elsewhere: 'launch in a directory of your own',
  },
  cache: {
    title: '.nextflow directory',
    elsewhere: 'launch in a directory of your own',
  },
  work: {
    title: 'work directory',
    elsewhere: 'set -work-dir to a directory of your own',
  },
  pipeline: { title: 'pipeline', elsewhere: 'use a copy of your own' },
  library: { title: 'library', elsewhere: 'use a copy of your own' },
  configuration: { title: 'configuration file', elsewhere: 'use a copy of your own' },
  home: { title: 'NXF_HOME', elsewhere: 'set NXF_HOME to a directory of your own' },
  assets: { title: 'downloaded pipelines', elsewhere: 'set NXF_ASSETS to a directory of your own' },
  jars: { title: 'Nextflow', elsewhere: 'set NXF_HOME to a directory of your own' },
  plugins: { title: 'plugins', elsewhere: 'set NXF_PLUGINS_DIR to a directory of your own' },
  launcher: { title: 'nextflow', elsewhere: 'set --nextflow to a copy of your own' },
  java: { title: 'Java', elsewhere: 'set NXF_JAVA_HOME to the home of another Java' },
  escrow: { title: 'nf-escrow', elsewhere: 'install it in a directory that only you and root can write to' },
  node: { title: 'Node.js', elsewhere: 'use a Node.js that only you and root can write to' },
} as const;

export type Use = keyof typeof USES;

const INSTALLED: readonly Use[] = [
  'pipeline',
  'library',
  'assets',
  'jars',
  'launcher',
  'java',
  'escrow',
  'node',
];

export function titleOf(use: Use): string {
  return USES[use].title;
}

/** Returns whether administrators usually install it with a separate account. */
export function isInstalled(use: Use): boolean {
  return INSTALLED.includes(use);
}

/** Returns the alternative as an imperative clause. */
export function elsewhere(use: Use): string {
  return USES[use].elsewhere;
}
