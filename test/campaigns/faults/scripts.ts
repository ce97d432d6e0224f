// What the stand-in for Nextflow runs in a cell.
import type { Cell } from './cell.ts';
import { NAMES } from './template.ts';

/** As the plugin does: it tells of a job definition before it asks for it, or does not ask. A full disk has it try again. */
const INTEND = `(umask 077; until printf '\\n{"type":"job-definition.intent","definition":"nf-task-%s","at":"%s"}\\n' "\${NF_ESCROW_RUN##*/}" "$(date -u +%FT%TZ)" >>"$NF_ESCROW_RUN/events.jsonl"; do sleep 0.1; done)`;
/** The store holds every secret: looked at from within the run, at its begin and at its end. */
const LOOK = `for name in ${NAMES.join(' ')}; do grep -q "$name" "$NXF_SECRETS_FILE" || echo x >>torn; done`;
const HOLD = 'echo x >>launches; while [ ! -e go ]; do sleep 0.03; done';
/** A line of Nextflow's own log, by which the daemon knows of a job where there are no events. */
const TASK_DIRECTORY = `work/ab/${"0123456789".repeat(3)}`;
const SUBMIT = `mkdir -p ${TASK_DIRECTORY}; (cd ${TASK_DIRECTORY} && sbatch --job-name=task --output=/dev/null -- "$OLDPWD/task.sh") >id; echo "Nov-23 12:00:00.000 [Task submitter] DEBUG nextflow.executor.GridTaskHandler - [SLURM] submitted process foo > jobId: $(cat id); workDir: $(pwd -P)/${TASK_DIRECTORY}" >>.nextflow.log`;
/** Its last act: nobody is told of its end. */
const DIE = 'kill -9 $PPID; sleep 0.1';

/** Until the file `go` is there; one on AWS Batch is told of its job by who submits it for it: batch-head.ts. */
export function scriptOf({ store, way }: Cell): string {
  const onBatch = store !== 'run-directory';
  if (way === 'with orphans') return [onBatch ? INTEND : SUBMIT, HOLD, DIE].join('; ');
  return [onBatch ? INTEND : LOOK, HOLD, onBatch ? ':' : LOOK, 'echo x >>finished'].join('; ');
}
