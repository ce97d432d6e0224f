import { isSchedulerLocation } from '../schedulers/environment.ts';
import { platformRules } from '../stores/registry.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables of a user's session that Nextflow, Java and container engines need. Schedulers and platforms add their own. */
const PASSED =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|LD_LIBRARY_PATH|JAVA_HOME|JAVA_CMD|SSL_CERT_(FILE|DIR)|XDG_(CONFIG|STATE|CACHE|DATA)_HOME|XDG_RUNTIME_DIR|NF_ESCROW_HOME|NXF_\w+|(SINGULARITY|APPTAINER)_(CACHE|TMP|LIBRARY)DIR|DOCKER_HOST|CONDA_EXE|MAMBA_EXE)$/;
/** Programs read these in either case. */
const PROXY = /^(https?|ftp|no|all)_proxy$/i;
/** Variables of one task or one run, and variables that may contain a credential. */
const NEVER = /^NXF_(TASK_WORKDIR|PID_FILE)$|TOKEN|PASSWORD|PASSPHRASE|CREDENTIAL|ACCESS_KEY/;
/** What nf-escrow sets for a run. A daemon that was started in a task of a run has inherited it. */
const OF_RUN = /^NXF_(SECRETS_FILE|PLUGINS_DIR|PLUGINS_DEFAULT)$/;

const ofPlatforms = Object.values(platformRules).flatMap(({ variables }) => variables ?? []);

/** Returns whether a run that the daemon starts gets a variable from the environment of the daemon. */
export function isLaunchVariable(name: string): boolean {
  if (NEVER.test(name)) return false;
  return PASSED.test(name) || PROXY.test(name) || isSchedulerLocation(name) || ofPlatforms.includes(name);
}

/**
 * Returns the environment of a run that the daemon starts: what Nextflow needs of the environment with which the daemon was started,
 * and the variables of the compute environment. Other variables of the shell that happened to start the daemon are left out: they
 * may contain credentials, and Nextflow passes its environment to tasks.
 */
export function launchEnvironment(
  ofDaemon: Environment,
  ofComputeEnvironment: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const isInRun = ofDaemon['NF_ESCROW_RUN'] !== undefined;
  const kept = Object.entries(ofDaemon).flatMap(([name, value]) =>
    value === undefined || !isLaunchVariable(name) || (isInRun && OF_RUN.test(name)) ? [] : [[name, value]],
  );
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...ofComputeEnvironment };
}
