/** Who starts the shim: the daemon calls a run off when its launcher ends without having started it. */
export { identifySelf } from '../host/process-identity.ts';
