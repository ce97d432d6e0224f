import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until, untapped, type Sandbox } from '../sandbox.ts';

/** A way to start a program, with the signals that it ignores. Scripts contain `$PROGRAM` for the program. */
export interface Caller {
  readonly title: string;
  /** Required programs. */
  readonly needs: readonly string[];
  /** Starts the program. May return before the program has ended, but not before it was started. */
  readonly start: (box: Sandbox, program: string) => Promise<void>;
}

/** Returns a caller that runs a shell script. */
function script(title: string, shell: string, text: string, flags: readonly string[] = []): Caller {
  return {
    title,
    needs: [shell],
    start: async (box, program) => {
      const file = join(box.directory, 'script');
      writeFileSync(file, text.replaceAll('$PROGRAM', program));
      await box.startProgram(shell, [...flags, file]).ended;
    },
  };
}

/** Returns a caller that runs a command with the program as its last argument. */
function command(title: string, ...words: readonly [string, ...string[]]): Caller {
  const [first, ...rest] = words;
  return {
    title,
    needs: [first],
    start: async (box, program) => {
      await box.startProgram(first, [...rest, program]).ended;
    },
  };
}

/** Runs a shell script as root with an empty /run and empty spools, so that it neither runs nor changes jobs of this host. */
function inOwnSpools(box: Sandbox, text: string): ReturnType<Sandbox['startProgram']> {
  const mounts = ['/run', '/var/spool/cron', '/etc/cron.d']
    .filter((path) => existsSync(path))
    .map((path) => `mount -t tmpfs none ${path} || exit 99`);
  return box.startProgram('unshare', [
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    [...mounts, text].join('\n'),
  ]);
}

/** Starts a cron daemon that runs an @reboot job, and kills the daemon by its process id. */
const cron: Caller = {
  title: 'cron',
  needs: ['cron'],
  start: async (box, program) => {
    const lines = Object.entries(box.env).map(([name, value]) => `${name}='${value}'`);
    const table = join(box.directory, 'table');
    writeFileSync(
      table,
      `${lines.filter((line) => !/[%\n]/.test(line)).join('\n')}\n@reboot root cd ${box.launch} && ${program}\n`,
    );
    const daemon = inOwnSpools(
      box,
      `cp ${table} /etc/cron.d/test && chmod 600 /etc/cron.d/test && exec cron -f`,
    );
    await until(
      'cron has run the job',
      () => existsSync(join(box.launch, 'signals')) || daemon.child.exitCode !== null,
    );
    daemon.child.kill('SIGKILL');
    await daemon.ended;
  },
};

const at: Caller = {
  title: 'at',
  needs: ['at', 'atd'],
  start: async (box, program) => {
    const spool = '/var/spool/cron/atjobs';
    const text = `mkdir -p ${spool} /var/spool/cron/atspool && touch ${spool}/.SEQ
chown -R daemon:daemon /var/spool/cron && chmod 1770 ${spool} /var/spool/cron/atspool
cd ${box.launch} && echo ${program} | at now && atd -s`;
    await inOwnSpools(box, text).ended;
  },
};

/** Starts a user instance of systemd, and in it a transient service. */
const systemdRun: Caller = {
  title: 'systemd-run',
  needs: ['systemd-run', '/lib/systemd/systemd'],
  start: async (box, program) => {
    const runtime = join(box.directory, 'runtime');
    const env = { XDG_RUNTIME_DIR: runtime };
    const text =
      'mount -t tmpfs none /run && mkdir -p /run/systemd/system && exec /lib/systemd/systemd --user';
    spawnSync('mkdir', ['-m', '700', runtime]);
    const systemd = box.startProgram('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', text], {
      env,
    });
    const run = (...words: string[]): number | null =>
      spawnSync(...untapped(words[0] ?? '', words.slice(1)), { env: { ...box.env, ...env }, cwd: box.launch })
        .status;
    const isUp = await until('systemd answers', () => {
      if (systemd.child.exitCode !== null) return 'no';
      return run('systemctl', '--user', 'show-environment') === 0 ? 'yes' : undefined;
    });
    if (isUp === 'no') return;
    const variables = Object.entries(box.env).map(([name, value]) => `--setenv=${name}=${value}`);
    run(
      'systemd-run',
      '--user',
      '--wait',
      '--quiet',
      `--working-directory=${box.launch}`,
      ...variables,
      program,
    );
    systemd.child.kill('SIGTERM');
    await systemd.ended;
  },
};

/** All callers. A shell script ignores SIGINT and SIGQUIT in programs that it starts in the background (POSIX, 2.11). */
export const callers: readonly Caller[] = [
  ...['bash', 'zsh', 'dash'].flatMap((shell) => [
    script(`${shell}, in the foreground`, shell, '$PROGRAM\n'),
    script(`${shell}, cmd & in a script`, shell, '$PROGRAM &\nwait\n'),
    script(`${shell}, trap '' TERM`, shell, "trap '' TERM\n$PROGRAM\n"),
    script(`${shell}, trap '' HUP, and cmd &`, shell, "trap '' HUP USR1\n$PROGRAM &\nwait\n"),
    script(`${shell}, nohup`, shell, 'nohup $PROGRAM\n'),
  ]),
  script('tcsh, nohup', 'tcsh', 'nohup $PROGRAM\n', ['-f']),
  script('tcsh, cmd & in a script', 'tcsh', '$PROGRAM &\nwait\n', ['-f']),
  script('tcsh, onintr -', 'tcsh', 'onintr -\n$PROGRAM\n', ['-f']),
  script('fish, cmd &', 'fish', '$PROGRAM &\nwait\n', ['--no-config']),
  script('fish, nohup', 'fish', 'nohup $PROGRAM\n', ['--no-config']),
  command('nohup', 'nohup'),
  command('setsid', 'setsid', '--wait'),
  command('nohup setsid', 'nohup', 'setsid', '--wait'),
  command('env --ignore-signal', 'env', '--ignore-signal'),
  cron,
  at,
  systemdRun,
];

/** Returns a program that a caller or a test requires and this host does not have. */
export function missing({ needs }: Pick<Caller, 'needs'>): string | undefined {
  const places = ['/bin', '/sbin', '/usr/bin', '/usr/sbin', '/usr/local/bin'];
  return needs.find(
    (name) =>
      !existsSync(name) && !places.some((place) => existsSync(place) && readdirSync(place).includes(name)),
  );
}
