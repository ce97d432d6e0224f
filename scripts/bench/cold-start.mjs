// Measures the start of an nf-escrow that is installed on a network file system, imitated by bindfs, when no file is in memory.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBindfs } from '../set-up.mjs';
import { say, which } from '../steps.mjs';
import { openedIn } from './opened-files.mjs';
import { median } from './place.mjs';

/** A smaller number only shows that the measurement works. */
const ROUNDS = Number(process.env.NF_ESCROW_BENCH_ROUNDS ?? 11);
/** In the order of a round. `status` asks the daemon that the command before it has started. */
const COMMANDS = [['--version'], ['daemon', 'start'], ['status']];

/** Returns the times from a mount with and without files in memory, compared with the local disk. */
export async function coldStarts(user, installed, pause) {
  if (process.getuid() !== 0 || !ensureBindfs() || !dropCaches()) {
    say('cold starts are not measured: they need root, bindfs and a writable /proc/sys/vm/drop_caches');
    return [];
  }
  const mount = `${installed}.mount`;
  mkdirSync(mount);
  const mounted = spawnSync('bindfs', ['--no-allow-other', installed, mount], { stdio: ['ignore', 2, 2] });
  if (mounted.status !== 0) {
    say('cold starts are not measured: bindfs cannot mount');
    return [];
  }
  try {
    const cold = await timesOf(user, { 'FUSE mount': mount, 'local disk': installed }, dropCaches, pause);
    const warm = await timesOf(user, { 'FUSE mount': mount }, () => true, pause);
    return COMMANDS.flatMap((command, index) => {
      const name = `nf-escrow ${command.join(' ')}`;
      const local = cold['local disk'][index];
      return [
        describe(
          `${name}, cold, from a FUSE mount (peer: cold, local disk; ${ROUNDS} rounds)`,
          cold['FUSE mount'][index],
          local,
        ),
        describe(`${name}, warm, from a FUSE mount (${ROUNDS} rounds)`, warm['FUSE mount'][index]),
        ...countOpened(user, mount, command),
      ];
    });
  } finally {
    user.leave();
    spawnSync('umount', ['--lazy', mount]);
    rmdirSync(mount);
  }
}

/** Returns the milliseconds of each command by place. The first round does not count. */
async function timesOf(user, places, prepare, pause) {
  const taken = Object.fromEntries(Object.keys(places).map((place) => [place, COMMANDS.map(() => [])]));
  user.arrive();
  say(`start of commands from ${Object.keys(places).join(' and ')}`);
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const [place, directory] of Object.entries(places)) {
      for (const [index, command] of COMMANDS.entries()) {
        await pause();
        if (!prepare()) throw new Error('The page cache can no longer be dropped.');
        const time = timeOf(user, join(directory, 'bin/nf-escrow'), command);
        if (round > 0) taken[place][index].push(time);
      }
      user.stopDaemon();
    }
  return taken;
}

function timeOf({ env, home }, program, command) {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(program, command, { env, cwd: home, encoding: 'utf8' });
  const taken = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`nf-escrow ${command.join(' ')}: status ${status}\n${stderr}`);
  return taken;
}

function describe(figure, times, theirs) {
  return {
    figure,
    ours: median(times),
    best: Math.min(...times),
    worst: Math.max(...times),
    ...(theirs && {
      theirs: median(theirs),
      ratio: median(times.map((time, round) => time / theirs[round])),
      peer: { best: Math.min(...theirs), worst: Math.max(...theirs) },
    }),
    wanted: '-',
  };
}

/** Drops the kernel's caches of file contents, names and inodes. Returns false if that is not permitted. */
function dropCaches() {
  try {
    spawnSync('sync'); // only clean pages are dropped
    writeFileSync('/proc/sys/vm/drop_caches', '3');
    return true;
  } catch {
    return false;
  }
}

/** Counts the files of the package that a command opens until it ends, including those of the daemon that it starts. */
function countOpened(user, mount, command) {
  if (which('strace') === undefined) return [];
  const [trace, end] = [`${user.home}.trace`, `${user.home}.end`];
  const program = join(mount, 'bin/nf-escrow');
  user.arrive();
  if (command[0] === 'status') timeOf(user, program, ['daemon', 'start']);
  // strace waits for the daemon, so the daemon is stopped here. What is opened after `end` does not count.
  const script = 'program=$1 end=$2; shift 2; "$program" "$@" && : >"$end"; "$program" daemon stop';
  spawnSync(
    'strace',
    ['-f', '-o', trace, '-e', 'trace=open,openat', 'sh', '-c', script, 'sh', program, end, ...command],
    {
      env: user.env,
      stdio: 'ignore',
    },
  );
  const [before, after] = readFileSync(trace, 'utf8').split(`"${end}"`);
  for (const file of [trace, end]) rmSync(file, { force: true });
  if (after === undefined) throw new Error(`nf-escrow ${command.join(' ')} failed under strace.`);
  const figure = `files of the package that nf-escrow ${command.join(' ')} opens`;
  return [{ figure, value: openedIn(mount, before).size, wanted: '-' }];
}
