import { keepIgnored } from './ignored-signals.ts';

/** Prefixes of the variables in which bin/nf-escrow passes facts about its caller. No other program may see them. */
const MARK = 'NF_ESCROW_CALLER_';
const NODE_MARK = `${MARK}NODE_`;
/** Prefix of the variables of our shell scripts. A shell that assigns a variable of the caller exports the new value. */
const RESERVED = 'nfe_';

/**
 * Removes from the environment what bin/nf-escrow has added to it, and applies it. Signals that the caller ignores are ignored
 * here too. Node's variables (NODE_OPTIONS, ...), which the launcher has renamed so that they have no effect on nf-escrow, get
 * their names back: with `whole`, all of them, for Nextflow; otherwise only NODE_EXTRA_CA_CERTS, for a daemon that this command
 * starts. Also removes variables with reserved names.
 */
export function takeCaller(env: NodeJS.ProcessEnv, { whole }: { readonly whole: boolean }): void {
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith(RESERVED)) Reflect.deleteProperty(env, name);
    if (!name.startsWith(MARK)) continue;
    Reflect.deleteProperty(env, name);
    const original = name.startsWith(NODE_MARK) ? `NODE_${name.slice(NODE_MARK.length)}` : undefined;
    if (name === `${MARK}IGNORES`) keepIgnored(value ?? '');
    else if (original !== undefined && (whole || original === 'NODE_EXTRA_CA_CERTS')) env[original] = value;
  }
}
