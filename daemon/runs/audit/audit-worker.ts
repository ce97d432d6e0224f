import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { findRunFiles, type RunTraces } from '../../nextflow/logs/run-files.ts';
import { taskFiles, type KnownTask, type ListedTasks } from '../../nextflow/logs/task-files.ts';
import {
  FileAudit,
  type AuditedFile,
  type AuditFinding,
  type AuditLimits,
  type AuditSummary,
  type ShownFile,
} from '../../redaction/audit/audit-files.ts';
import { NeedleSet } from '../../redaction/needles/needle-set.ts';
import type { Needle } from '../../redaction/needles/needles.ts';

/** The files of a run to audit. */
export interface AuditFiles extends RunTraces {
  /** Files that are shown to people later. */
  readonly shown: readonly string[];
  readonly workDirectory: string | undefined;
  readonly tasks: readonly KnownTask[];
  /** Whether `tasks` has all tasks of the run. */
  readonly knowsTasks: boolean;
}

export interface AuditResult extends Done {
  readonly findings: readonly AuditFinding[];
  readonly shown: readonly ShownFile[];
}

/** What the worker reports at its end. */
type Done = AuditSummary & { readonly listed: ListedTasks };

/** What the worker receives, and sends. */
interface Request {
  readonly kind: 'nf-escrow audit';
  readonly needles: readonly Needle[];
  readonly counted: readonly boolean[];
  readonly limits: AuditLimits;
  readonly files: AuditFiles;
}
type Message = { readonly finding: AuditFinding } | { readonly shown: ShownFile } | { readonly done: Done };

/** Time that the worker has, beyond the limit of the audit, to start and to report. */
const GRACE_MS = 5000;
const HEAP_MB = 64;

/**
 * Audits files in a worker thread: a hundred thousand small files take seconds of blocking calls, and each call may wait for a
 * file server that does not respond. A worker that does not report in time is abandoned; what it found until then counts.
 */
export async function auditInWorker(
  set: NeedleSet,
  counted: readonly boolean[],
  limits: AuditLimits,
  files: AuditFiles,
): Promise<AuditResult> {
  const request: Request = { kind: 'nf-escrow audit', needles: set.needles, counted, limits, files };
  const worker = new Worker(import.meta.filename, {
    ...{ workerData: request, env: {}, execArgv: [], argv: [] },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  const findings: AuditFinding[] = [];
  const shown: ShownFile[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    const done = await new Promise<Done>((resolve, reject) => {
      worker.on('message', (message: Message) => {
        if ('finding' in message) findings.push(message.finding);
        else if ('shown' in message) shown.push(message.shown);
        else resolve(message.done);
      });
      worker.on('error', reject).on('exit', () => {
        reject(new Error('the worker has ended'));
      });
      timer = setTimeout(() => {
        resolve(LATE);
      }, limits.ms + GRACE_MS);
    });
    return { ...done, findings, shown };
  } finally {
    clearTimeout(timer);
    worker.unref();
    void worker.terminate(); // takes effect when its system call returns
  }
}

const LATE: Done = {
  ...{ gaps: [{ reason: 'time', count: 1 }], omitted: 0, files: 0, bytes: 0 },
  listed: { tasks: 0, isComplete: false },
};

/** The audit in the worker thread. */
async function work({ needles, counted, limits, files }: Request): Promise<void> {
  const send = (message: Message): void => parentPort?.postMessage(message);
  // In the worker, the bytes of a Buffer arrive as those of a Uint8Array.
  const set = new NeedleSet(
    needles.map((needle) => ({
      ...needle,
      bytes: Buffer.from(needle.bytes.buffer, needle.bytes.byteOffset, needle.bytes.length),
    })),
  );
  const audit = new FileAudit(set, (needle) => counted[needle] === true, limits, {
    finding: (finding) => {
      send({ finding });
    },
    shown: (shown) => {
      send({ shown });
    },
  });
  const listed = { tasks: 0, isComplete: false };
  const summary = await audit.search(list(files, listed));
  set.clear();
  send({ done: { ...summary, listed } });
}

async function* list(files: AuditFiles, listed: ListedTasks): AsyncGenerator<AuditedFile> {
  for (const path of files.shown) yield { path, isShown: true };
  for (const path of await findRunFiles(files)) if (!files.shown.includes(path)) yield { path };
  const { workDirectory } = files;
  if (workDirectory !== undefined) yield* taskFiles(workDirectory, files, listed);
}

const received = workerData as Request | null;
if (!isMainThread && received?.kind === 'nf-escrow audit') void work(received);
