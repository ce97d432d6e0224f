// The scripts that the fake Nextflow runs in a cell.
import { isOnAws, type Cell } from './cell.ts';
import { NAMES } from './template.ts';

/** Announces a job definition before registering it, like the plugin. Retries while the disk is full. */
const INTEND = `(umask 077; until printf '\\n{"type":"job-definition.intent","definition":"nf-task-%s","at":"%s"}\\n' "\${NF_ESCROW_RUN##*/}" "$(date -u +%FT%TZ)" >>"$NF_ESCROW_RUN/events.jsonl"; do sleep 0.1; done)`;
/** Checks from within the run that the store contains every secret. */
const LOOK = `for name in ${NAMES.join(' ')}; do grep -q "$name" "$NXF_SECRETS_FILE" || echo x >>torn; done`;
const HOLD = 'echo x >>launches; while [ ! -e go ]; do sleep 0.03; done';
const TASK_DIRECTORY = `work/ab/${'0123456789'.repeat(3)}`;
/** Submits a job and writes the log line from which the daemon learns about it. */
const SUBMIT = `mkdir -p ${TASK_DIRECTORY}; (cd ${TASK_DIRECTORY} && sbatch --job-name=task --output=/dev/null -- "$OLDPWD/task.sh") >id; echo "Nov-23 12:00:00.000 [Task submitter] DEBUG nextflow.executor.GridTaskHandler - [SLURM] submitted process foo > jobId: $(cat id); workDir: $(pwd -P)/${TASK_DIRECTORY}" >>.nextflow.log`;
/** Kills the head, which therefore reports no end. */
const DIE = 'kill -9 $PPID; sleep 0.1';

/** Returns the script of a cell, which runs until the file `go` exists. On AWS Batch, batch-head.ts submits its job. */
export function scriptOf({ store, way }: Cell): string {
  const onBatch = isOnAws(store);
  // The daemon of the tests has no access to AWS there, so that the head registers no job definition.
  const look = store === 'server aws' ? ':' : LOOK;
  if (way === 'with orphans') return [onBatch ? INTEND : SUBMIT, HOLD, DIE].join('; ');
  return [onBatch ? INTEND : look, HOLD, onBatch ? ':' : look, 'echo x >>finished'].join('; ');
}
