/** What a task does to the daemon that watches its run: a script of bash, which finds the run directory in `$run`. */
export interface Attack {
  readonly name: string;
  /** `size`: how many lines, files or rounds. */
  readonly script: (size: number) => string;
}

const AS_EVENT = `sed 's/.*/{"type":"task.submit","task":"&","process":"P","name":"P (a name that has no end &)"}/'`;

export const attacks: readonly Attack[] = [
  // eslint-disable-next-line no-restricted-syntax -- the time in which nothing happens
  { name: 'nothing, for comparison', script: () => 'sleep 1' },
  {
    name: 'events of ever new tasks',
    script: (size) => `seq ${String(size)} | ${AS_EVENT} >>"$run/events.jsonl"`,
  },
  {
    name: 'events of one task',
    script: (size) =>
      `yes '{"type":"task.submit","task":"1","name":"P (1)"}' | head -n ${String(size)} >>"$run/events.jsonl"`,
  },
  {
    name: 'lines that are no events',
    script: (size) => `yes '{"type":' | head -n ${String(size)} >>"$run/events.jsonl"`,
  },
  { name: 'empty lines', script: (size) => `yes '' | head -n ${String(size)} >>"$run/events.jsonl"` },
  { name: 'one line without end', script: () => `truncate --size 1G "$run/events.jsonl"` },
  { name: 'a file larger than its disk', script: () => `truncate --size 1T "$run/events.jsonl"` },
  {
    name: 'events rewritten continually',
    script: (size) =>
      `for i in $(seq ${String(Math.ceil(size / 2000))}); do seq 2000 | ${AS_EVENT} >"$run/events.jsonl"; done`,
  },
  {
    name: 'events replaced continually',
    script: (size) =>
      `for i in $(seq ${String(Math.ceil(size / 2000))}); do seq 2000 | ${AS_EVENT} >"$run/e.new"; mv "$run/e.new" "$run/events.jsonl"; done`,
  },
  {
    name: 'lines in the log',
    script: (size) =>
      `yes 'Nov-23 12:00:00.000 [main] DEBUG nextflow.Session - a line' | head -n ${String(size)} >>.nextflow.log`,
  },
  {
    name: 'rows in the trace',
    script: (size) => `{ printf 'task_id\\tname\\tstatus\\n'
      seq ${String(Math.ceil(size / 4))} | sed "s/.*/&\\t$(printf 'n%.0s' $(seq 900))\\tCOMPLETED/"; } >trace.txt
      echo "Nov-23 12:00:00.000 [main] DEBUG n.t.TraceFileObserver - Workflow started -- trace file: $PWD/trace.txt" >>.nextflow.log`,
  },
  {
    name: 'changes in the run directory',
    script: (size) =>
      `for i in $(seq ${String(Math.ceil(size / 100))}); do : >"$run/x$((i % 7))"; mv "$run/x$((i % 7))" "$run/y"; done`,
  },
  {
    name: 'files in the run directory',
    script: (
      size,
    ) => `mkdir "$run/many"; (cd "$run/many" && seq ${String(Math.ceil(size / 10))} | xargs touch)
      (cd "$run" && seq -f 'f%.0f' ${String(Math.ceil(size / 100))} | xargs touch)`,
  },
  {
    name: 'bytes in the FIFO',
    script: (size) => `yes | head -c ${String(Math.min(size * 4, 1_000_000))} >"$run/alive"`,
  },
  {
    name: 'a forged end',
    script: () =>
      `echo 0 >"$run/exit"; echo '{"type":"run.end","success":true}' >>"$run/events.jsonl"; sleep 1`,
  },
];
