import { writeExit } from '../../../support/placed-run.ts';
import { constantFrom, tuple, uint8Array, oneof } from 'fast-check';
import { closeSync, constants, existsSync, openSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { EscrowError } from '../../../../daemon/errors.ts';
import { openModules } from '../engine.ts';
import { bytesOf, hold, type Target } from '../target.ts';
import { lines } from './lines.ts';

const FILES = [
  'process',
  'heartbeat',
  'exit',
  'events.jsonl',
  'run.json',
  'requeue',
  'interrupted',
  'head.json',
  'store.json',
  'log',
];
const content = oneof(
  lines(
    '0',
    '3',
    '255',
    '1000',
    '-1',
    '{"host":"elsewhere","bootId":"b","pidNamespace":"p","pid":',
    '{"type":"task.submit","task":"1","secrets":["FOO_KEY"]}\n',
    '1',
    ',"startTime":"1"}',
    '{"type":"run.end","success":true}\n',
    '{"type":"run.begin","name":"x"}\n',
    '{"type":"job-definition.registered","definition":"x:1","at":"2026-01-01"}\n',
    '12.345',
    'Nov-23 12:00:00.000 [main] DEBUG nextflow.Session - Run name: x\n',
    '  Process: 1@h\n',
  ),
  uint8Array({ maxLength: 64 }),
);

/** Files that a task can write to its run directory while the daemon watches it: the number of the file, then its content. */
export const runDirectory: Target = {
  name: 'run-directory',
  share: 20,
  arbitrary: tuple(constantFrom(...FILES.keys()), content).map(([file, bytes]) =>
    Buffer.concat([Buffer.from([file]), Buffer.from(bytes as string)]),
  ),
  open: async (ground) => {
    const modules = await openModules(ground);
    const { runs, launch } = modules;
    let held: { id: string; directory: string; fd: number } | undefined;
    /** Starts a run whose FIFO this process holds, so that its head counts as alive. */
    const begin = async (): Promise<NonNullable<typeof held>> => {
      const id = await modules.createRun();
      const directory = join(ground.directory, 'runs', id);
      execFileSync('mkfifo', ['-m', '600', join(directory, 'alive')]);
      const fd = openSync(join(directory, 'alive'), constants.O_RDWR | constants.O_NONBLOCK);
      renameSync(join(directory, 'armed'), join(directory, 'started'));
      return { id, directory, fd };
    };
    const end = (): void => {
      if (held !== undefined) closeSync(held.fd);
      held = undefined;
    };
    return {
      run: async (input) => {
        held ??= await begin();
        const { id, directory } = held;
        const name = FILES[(input[0] ?? 0) % FILES.length] ?? 'exit';
        writeFileSync(
          name === 'log' ? join(launch, '.nextflow.log') : join(directory, name),
          bytesOf(input.subarray(1), ground.needle),
        );
        let output: unknown = '';
        try {
          output = await runs.purge(id, { force: false, asked: true });
          hold((await runs.find(id)).state === 'purged', 'an ended run is purged');
          hold((await runs.receipt(id)).complete, 'its receipt is complete');
          end();
        } catch (error) {
          if (!(error instanceof EscrowError) || error.code !== 'run-alive') throw error;
          output = await runs.tasks(id, { limit: 1000 });
        }
        const log = modules.logged();
        hold(!log.includes('cannot poll run'), `the daemon can poll the run: ${log}`);
        return [output, log];
      },
      check: async () => {
        if (held !== undefined) {
          const { id, directory, fd } = held;
          held = undefined;
          writeExit(directory, 0);
          closeSync(fd);
          hold(
            (await runs.purge(id, { force: false, asked: true })).state === 'purged',
            'the run can be purged',
          );
        }
        hold(
          !existsSync(join(ground.directory, 'runs')) ||
            readdirSync(join(ground.directory, 'runs')).length === 0,
          'no run directory remains',
        );
        await modules.checkKept();
        await runs.prune(0);
      },
      close: async () => {
        end();
        await modules.close();
      },
    };
  },
};
