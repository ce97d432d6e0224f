import { keepIgnored } from './ignored-signals.ts';

/** bin/nf-escrow reports its caller in variables with these prefixes. Nothing else may see them. */
const MARK = 'NF_ESCROW_CALLER_';
const NODE_MARK = `${MARK}NODE_`;
/** Prefix of the variables of our shell scripts. A shell that assigns a variable of the caller exports the new value. */
const RESERVED = 'nfe_';

/**
 * Takes from the environment what bin/nf-escrow reports of its caller: the signals that the caller ignores, which stay
 * ignored, and Node's own variables (NODE_OPTIONS, ...), which the launcher has moved away so that they load nothing here.
 * Those are put back: all of them (`whole`) where Nextflow is started with this environment; otherwise only the one that is
 * for the daemon, which Node reads as it starts and never again. Also drops reserved names.
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
