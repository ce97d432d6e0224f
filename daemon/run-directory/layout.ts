import { join } from 'node:path';

/**
 * Every file name of a run directory. templates/shim.sh, head.sh, probe.sh and both plugins use the same names, which
 * test/unit/run-directory/layout.test.ts verifies.
 */
export const runFiles = {
  /** Names and scopes of the run's secrets, never values. Written first. */
  run: 'run.json',
  /** Expiry (ISO 8601, UTC), after which the directory may be removed even if the run's state is unknown. */
  expires: 'expires',
  /**
   * The fence: the shim renames `armed` to `started`, an abort renames it to `revoked`. Exactly one succeeds. The file contains
   * the exit token, which the shim removes before it starts Nextflow.
   */
  armed: 'armed',
  started: 'started',
  revoked: 'revoked',
  /** The script between nf-escrow and nextflow. */
  shim: 'shim',
  /** One file of raw bytes per secret, and `<NAME>.size` with its length. */
  secrets: 'secrets',
  /** Nextflow's own secrets store, for versions or phases without the plugin. */
  store: 'store.json',
  /** A random text that is also in the ledger. It distinguishes this directory from another one with the same name. */
  marker: 'marker',
  /** Inodes of the files with values, one per line. The shim erases them under any name. */
  inodes: 'inodes',
  /** Inodes of the files that the shim has erased. */
  erased: 'erased',
  /** Locations of the secrets that are not in this directory, by name: ARNs, never values. */
  references: 'references.json',
  /** Account, region and identity of those secrets, and their owner. */
  access: 'access.json',
  /** Configuration that is added to the pipeline's. */
  overlay: 'overlay.config',
  /** Parameters of the pipeline, of a run that the daemon starts. */
  parameters: 'params.json',
  /** A FIFO that the shim opens and `java` inherits. While a process holds it, the run is alive. */
  alive: 'alive',
  /** Identity of the nextflow process (schemas/process.json). */
  process: 'process',
  /** Exit status of nextflow, and the exit token. */
  exit: 'exit',
  /** Exit status of a head that its scheduler interrupted and may restart. */
  interrupted: 'interrupted',
  /** Written by the shim after each change of the files above. The daemon watches it instead of the directory. */
  wake: 'wake',
  /** A counter that the shim increments while Nextflow runs, for daemons on other hosts. */
  heartbeat: 'heartbeat',
  /** Asks the shim to send TERM to nextflow. */
  cancel: 'cancel',
  /** Exists if secrets must outlive a killed head (setting `onLost`). */
  onLost: 'on-lost',
  /** Exists if a scheduler may restart the head. */
  requeue: 'requeue',
  /** The script of a head job. */
  head: 'head',
  /** The environment of a head job: NAME=VALUE, each terminated by NUL. */
  environment: 'environment',
  /** The one JVM that claimed the run. Written by the plugin. */
  claim: 'head.json',
  /** Events of the plugin, one JSON object per line. */
  events: 'events.jsonl',
  /** The script of `doctor --probe`, and its reply. */
  probe: 'probe',
  answer: 'answer',
} as const;

export type RunFile = keyof typeof runFiles;

/** Prefix of the names to which the shim moves files before it erases them. */
export const GONE = '.gone';

/** Files for which a block of disk space is reserved, so that the shim can write them on a full disk. */
export const reservedFiles = ['process', 'exit', 'erased'] as const satisfies readonly RunFile[];

/** The name of the file that holds the reserved space. */
export function reserveName(file: (typeof reservedFiles)[number]): string {
  return `reserve.${runFiles[file]}`;
}

/** Absolute path of a file of a run directory. */
export function runFile(directory: string, file: RunFile): string {
  return join(directory, runFiles[file]);
}
