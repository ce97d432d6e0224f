import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { identifySelf } from '../../daemon/host/process-identity.ts';
import { assemble } from '../rooms.ts';
import { temporaryDirectory } from '../temporary.ts';

void t.test('a head that starts and ends within one look is known all the same, and its log', async (t) => {
  const directory = temporaryDirectory(t);
  const launch = join(directory, 'launch');
  const runsDirectory = join(directory, 'runs');
  const head = { ...identifySelf(), pid: 4_194_305, startTime: '1' }; // more than a pid can be
  let isOver = false;
  const rooms = await assemble(
    {
      ledger: join(directory, 'ledger.db'),
      keyFile: join(directory, 'vault.key'),
      runs: runsDirectory,
      output: join(directory, 'output'),
    },
    (point) => {
      // The look has seen no head yet, and writes what the plugin told.
      if (point === 'before records.write' && !isOver) {
        isOver = true;
        writeFileSync(join(launch, '.nextflow.log'), `  Process: ${String(head.pid)}@here [127.0.0.1]\n`);
        writeFileSync(join(run, 'process'), JSON.stringify(head));
        writeFileSync(join(run, 'exit'), '3\n');
      }
      return Promise.resolve();
    },
  );
  t.teardown(rooms.close);
  mkdirSync(launch);
  const { run: created } = await rooms.runs.create({
    selection: {},
    launchDirectory: launch,
    nextflow: '/bin/true',
    arguments: ['run', 'x'],
    localStore: null,
    launcher: identifySelf(),
  });
  const run = join(runsDirectory, created?.id ?? '');
  execFileSync('mkfifo', ['-m', '600', join(run, 'alive')]);
  writeFileSync(join(run, 'events.jsonl'), '{"type":"run.begin","name":"quick"}\n');
  renameSync(join(run, 'armed'), join(run, 'started'));
  const ended = await rooms.runs.purge(created?.id ?? '', { force: false, asked: true });
  t.ok(isOver, 'it happened within a look');
  t.match(ended, {
    state: 'purged',
    exitStatus: 3,
    runName: 'quick',
    logFile: join(launch, '.nextflow.log'),
  });
});
