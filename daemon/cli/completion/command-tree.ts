import type { Arities } from '../../nextflow/launcher/arity.ts';

/** The commands and options of nf-escrow and Nextflow, as completion needs them. Plain data: completion does not load commander. */
export interface CompletionTree {
  readonly root: CommandNode;
  /** Options of `nf-escrow run`, which commander does not parse. */
  readonly runOptions: readonly OptionNode[];
  readonly nextflow: NextflowWords;
  /** Values of settings that have a fixed set of them. */
  readonly settingValues: Readonly<Record<string, readonly string[]>>;
}

export interface CommandNode {
  /** The name, then the aliases. */
  readonly names: readonly string[];
  readonly description: string;
  readonly options: readonly OptionNode[];
  readonly arguments: readonly ArgumentNode[];
  readonly commands: readonly CommandNode[];
}

export interface OptionNode {
  /** The long name, then the short one. */
  readonly names: readonly string[];
  readonly description: string;
  /** Undefined for a flag. */
  readonly value?: ArgumentNode;
}

/** An argument, or the value of an option. */
export interface ArgumentNode {
  /** As in the help: RUN, ORG/NAME, FILE. */
  readonly name: string;
  readonly isVariadic: boolean;
  /** All possible values, if they are fixed. */
  readonly choices?: readonly string[];
}

/** Nextflow's commands, and the options of `nextflow` and `nextflow run`. */
export interface NextflowWords {
  readonly commands: readonly string[];
  readonly launcherOptions: Arities;
  readonly runOptions: Arities;
}

/** Path of the tree below the package: scripts/bundle.mjs writes it. */
export const TREE_FILE = 'dist/bundle/command-tree.json';
