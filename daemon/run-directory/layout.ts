import { join } from 'node:path';

/**
 * Every name in a run directory, once. templates/shim.sh, head.sh and probe.sh and both plugins use the same names: a test
 * (test/unit/run-directory/layout.test.ts) compares them with this list.
 */
export const runFiles = {
  /** Names and scopes of the run's secrets, never values; written first. */
  run: 'run.json',
  /** When whoever finds the directory may remove it (ISO 8601, UTC). */
  expires: 'expires',
  /**
   * The fence: the shim renames `armed` to `started`, an abort renames it to `revoked`; exactly one succeeds. It holds the exit
   * token, which the shim takes out before it starts nextflow.
   */
  armed: 'armed',
  started: 'started',
  revoked: 'revoked',
  /** The script that stands between nf-escrow and nextflow. */
  shim: 'shim',
  /** One file of raw bytes per secret, and `<NAME>.size` with its length. */
  secrets: 'secrets',
  /** Nextflow's own secrets store, for a Nextflow or a phase of it without the plugin. */
  store: 'store.json',
  /** A random text that is also in the ledger: it tells this directory from a copy of its name. */
  marker: 'marker',
  /** Inodes of the files with values, a line each: those that the shim erases whatever other names they have. */
  inodes: 'inodes',
  /** Inodes of the files that the shim has erased. */
  erased: 'erased',
  /** Where each secret that is not in this directory is found, by name: ARNs, never values. */
  references: 'references.json',
  /** Where and as whom those secrets were created, and who owns them. */
  access: 'access.json',
  /** Configuration that Nextflow is started with, in addition to the pipeline's. */
  overlay: 'overlay.config',
  /** A FIFO that the shim opens and `java` inherits: while a process holds it, the run is alive. */
  alive: 'alive',
  /** Identity of the nextflow process (schemas/process.json). */
  process: 'process',
  /** Exit status of nextflow, and the exit token. */
  exit: 'exit',
  /** Exit status of a head that its scheduler interrupted and may start again. */
  interrupted: 'interrupted',
  /** A counter that the shim increments while nextflow lives, for daemons on other hosts. */
  heartbeat: 'heartbeat',
  /** Asks the shim to send TERM to nextflow. */
  cancel: 'cancel',
  /** Present where secrets must outlive a head that is killed (setting `onLost`). */
  onLost: 'on-lost',
  /** Present where a scheduler may start the head again. */
  requeue: 'requeue',
  /** The script of a head that is a scheduler job. */
  head: 'head',
  /** The environment of that head: NAME=VALUE, each ended by NUL. */
  environment: 'environment',
  /** The one JVM that claimed the run; written by the plugin. */
  claim: 'head.json',
  /** What the plugin reports, one JSON object per line. */
  events: 'events.jsonl',
  /** The script of `doctor --probe`, and its answer. */
  probe: 'probe',
  answer: 'answer',
} as const;

export type RunFile = keyof typeof runFiles;

/** Where the shim moves what it is about to erase. */
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
