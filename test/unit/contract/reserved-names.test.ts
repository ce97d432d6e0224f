import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { reservedNames, whyReserved } from '../../../daemon/contract/reserved-names.ts';
import { assertSecretName, isSecretName } from '../../../daemon/contract/secret-name.ts';
import { root } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** Variables that bash 5.2's manual lists and that `compgen -v` omits or shows only sometimes. */
const FROM_MANUAL = `BASHPID BASH_ARGV0 BASH_COMMAND BASH_COMPAT BASH_ENV BASH_EXECUTION_STRING BASH_LOADABLES_PATH
  BASH_REMATCH BASH_SUBSHELL BASH_XTRACEFD CDPATH CHILD_MAX COLUMNS COMPREPLY COMP_CWORD COMP_KEY COMP_LINE COMP_POINT COMP_TYPE
  COMP_WORDBREAKS COMP_WORDS COPROC EMACS ENV EPOCHREALTIME EPOCHSECONDS EXECIGNORE FCEDIT FIGNORE FUNCNAME FUNCNEST GLOBIGNORE
  GROUPS HISTCMD HISTCONTROL HISTFILE HISTFILESIZE HISTIGNORE HISTSIZE HISTTIMEFORMAT HOME HOSTFILE HOSTNAME HOSTTYPE IFS
  IGNOREEOF INPUTRC INSIDE_EMACS LANG LC_ALL LC_COLLATE LC_CTYPE LC_MESSAGES LC_NUMERIC LC_TIME LINENO LINES MACHTYPE MAIL
  MAILCHECK MAILPATH MAPFILE OLDPWD OPTARG OPTERR OPTIND OSTYPE PATH PIPESTATUS POSIXLY_CORRECT PROMPT_COMMAND PROMPT_DIRTRIM PS0
  PS1 PS2 PS3 PS4 PWD RANDOM READLINE_ARGUMENT READLINE_LINE READLINE_MARK READLINE_POINT REPLY SECONDS SHELL SHLVL SRANDOM
  TIMEFORMAT TMOUT TMPDIR auto_resume histchars`;

/** Like the plugin's line in .command.run (TaskSecrets.java), then a child bash for the task's script. */
const TASK = `set -ue
  export NAME="$(cat "$0"; printf x)"; NAME="\${NAME%x}"
  exec /bin/bash --norc -ue -c 'builtin printf %s "$NAME"'`;

void t.test('bash passes every name that is not reserved to a task, with exactly its value', async (t) => {
  const file = join(temporaryDirectory(t), 'value');
  const value = randomBytes(12).toString('hex');
  writeFileSync(file, value);
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/' };
  const own = execFileSync('/bin/bash', ['--norc', '-c', 'compgen -v'], { env, encoding: 'utf8' });
  const names = [...new Set([...own.split('\n'), ...FROM_MANUAL.split(/\s+/), 'DB_PASSWORD'])].filter(
    isSecretName,
  );
  t.ok(names.includes('UID') && names.length > 90, 'bash lists its variables');
  const changed = names.filter((name) => {
    const { stdout, stderr } = spawnSync('/bin/bash', ['--norc', '-c', TASK.replaceAll('NAME', name), file], {
      env,
      encoding: 'utf8',
      timeout: 20_000,
    });
    return stdout !== value || stderr !== '';
  });
  t.ok(
    changed.includes('UID') && changed.includes('RANDOM') && changed.includes('OLDPWD'),
    'the check finds changes',
  );
  t.same(
    changed.filter((name) => whyReserved(name) === undefined),
    [],
    'all of these are reserved',
  );
});

void t.test('refuses reserved names with the reason, and no similar ones', async (t) => {
  for (const name of reservedNames) {
    t.ok(isSecretName(name), `${name} is a name that Nextflow accepts, so the reservation has an effect`);
    t.throws(
      () => {
        assertSecretName(name);
      },
      { code: 'name-invalid' },
      name,
    );
  }
  t.equal(new Set(reservedNames).size, reservedNames.length);
  t.throws(
    () => {
      assertSecretName('UID');
    },
    {
      message:
        'Cannot set a secret named UID: bash sets this variable and would replace or reject the value.',
    },
  );
  for (const name of [
    'uid',
    'MY_UID',
    'PATH_TOKEN',
    'LD_API_KEY',
    'HOME_KEY',
    'NXF_GITHUB_TOKEN',
    'BASH_TOKEN',
    'LC_KEY',
  ])
    t.doesNotThrow(() => {
      assertSecretName(name);
    }, name);
});

void t.test('docs/limits.md lists the reserved names', async (t) => {
  const text = readFileSync(join(root, 'docs/limits.md'), 'utf8');
  const [section = ''] = /^## Reserved names\n[^]*?(?=^## )/m.exec(text) ?? [];
  const table = section.slice(section.indexOf('| ---'));
  const listed = [...table.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
  t.same(listed.sort(), [...reservedNames].sort());
});
