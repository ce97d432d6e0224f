// node scripts/run-test-files.mjs FILE...: runs test files with tap, three at once, and prints their results in its format. tap's own
// runner would load TypeScript, mocks and a trace of processes into each file, which takes a second.
import t from 'tap';

/** Many tests wait for other programs, so more files than cores keep the cores busy. */
const JOBS = 3;
/** A file that takes longer fails. In milliseconds. */
const TIME_LIMIT_MS = 600_000;

t.jobs = JOBS;
t.setTimeout(0); // none
const files = process.argv.slice(2);
t.plan(files.length);
for (const file of files)
  void t.spawn(
    process.execPath,
    ['--enable-source-maps', file],
    {
      buffered: true,
      timeout: TIME_LIMIT_MS,
      env: { ...process.env, TAP_TIMEOUT: String(TIME_LIMIT_MS / 1000) },
    },
    file,
  );
