/** What a run executes, or writes to be executed: what it is called, and what can be used in its place. */
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
    elsewhere: 'name a directory of your own with -work-dir',
  },
  pipeline: { title: 'pipeline', elsewhere: 'use a copy of your own' },
  library: { title: 'library', elsewhere: 'use a copy of your own' },
  configuration: { title: 'configuration file', elsewhere: 'use a copy of your own' },
  home: { title: 'NXF_HOME', elsewhere: 'set NXF_HOME to a directory of your own' },
  assets: { title: 'downloaded pipelines', elsewhere: 'set NXF_ASSETS to a directory of your own' },
  jars: { title: 'Nextflow', elsewhere: 'set NXF_HOME to a directory of your own' },
  plugins: { title: 'plugins', elsewhere: 'set NXF_PLUGINS_DIR to a directory of your own' },
  launcher: { title: 'nextflow', elsewhere: 'name a copy of your own with --nextflow' },
  java: { title: 'Java', elsewhere: 'name the home of another Java in NXF_JAVA_HOME' },
  escrow: { title: 'nf-escrow', elsewhere: 'install it where nobody but you and root can write' },
  node: { title: 'Node.js', elsewhere: 'use a Node.js that nobody but you and root can write to' },
} as const;

export type Use = keyof typeof USES;

export function titleOf(use: Use): string {
  return USES[use].title;
}

/** An imperative clause. */
export function elsewhere(use: Use): string {
  return USES[use].elsewhere;
}
