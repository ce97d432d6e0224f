/** Names of environment variables that no secret may have, by reason. Nextflow exports a secret as a variable in bash. */
const RESERVED: readonly (readonly [reason: string, names: string])[] = [
  [
    // bash(1), "Shell Variables": read-only, set by bash itself, or not imported from the environment. bash 4.2 to 5.3.
    'bash sets this variable and would replace or reject the value',
    `BASH BASHOPTS BASHPID BASH_ALIASES BASH_ARGC BASH_ARGV BASH_ARGV0 BASH_CMDS BASH_COMMAND BASH_COMPAT
     BASH_EXECUTION_STRING BASH_LINENO BASH_MONOSECONDS BASH_REMATCH BASH_SOURCE BASH_SUBSHELL BASH_TRAPSIG BASH_VERSINFO
     BASH_VERSION BASH_XTRACEFD COMP_WORDBREAKS DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME GROUPS HISTCMD IFS LINENO
     OLDPWD OPTARG OPTERR OPTIND PIPESTATUS PPID PS1 PS2 PS4 PWD RANDOM REPLY SECONDS SHELLOPTS SHLVL SRANDOM UID`,
  ],
  [
    'shells use this variable, and a task could not run with another value',
    `BASH_ENV BASH_LOADABLES_PATH CDPATH ENV EXECIGNORE FUNCNEST GLOBIGNORE HOME HOSTNAME LOGNAME PATH POSIXLY_CORRECT SHELL TERM
     TMOUT TMPDIR TZ USER`,
  ],
  [
    'programs take their language from this variable, and bash prints a warning with the value',
    `LANG LANGUAGE LC_ALL LC_ADDRESS LC_COLLATE LC_CTYPE LC_IDENTIFICATION LC_MEASUREMENT LC_MESSAGES LC_MONETARY LC_NAME
     LC_NUMERIC LC_PAPER LC_TELEPHONE LC_TIME LOCPATH NLSPATH`,
  ],
  [
    // ld.so(8)
    'the dynamic loader uses this variable for every program and prints its value',
    `GCONV_PATH GLIBC_TUNABLES LD_ASSUME_KERNEL LD_AUDIT LD_BIND_NOT LD_BIND_NOW LD_DEBUG LD_DEBUG_OUTPUT LD_DYNAMIC_WEAK
     LD_HWCAP_MASK LD_LIBRARY_PATH LD_ORIGIN_PATH LD_PRELOAD LD_PROFILE LD_PROFILE_OUTPUT LD_SHOW_AUXV
     LD_TRACE_LOADED_OBJECTS LD_USE_LOAD_BIAS LD_VERBOSE LD_WARN MALLOC_TRACE`,
  ],
  [
    'interpreters take options or code from this variable, and some print its value',
    `CLASSPATH JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS NODE_OPTIONS NODE_PATH PERL5DB PERL5LIB PERL5OPT PYTHONHOME PYTHONPATH
     PYTHONSTARTUP RUBYLIB RUBYOPT R_HOME R_PROFILE _JAVA_OPTIONS`,
  ],
  [
    // command-run.txt of Nextflow 24.10, templates/shim.sh
    'Nextflow or nf-escrow uses this variable in each task',
    'NF_ESCROW_RUN NXF_CHDIR NXF_DEBUG NXF_ENTRY NXF_SCRATCH NXF_SECRETS_FILE NXF_TASK_WORKDIR nxf_main_ret',
  ],
];

const reasons: ReadonlyMap<string, string> = new Map(
  RESERVED.flatMap(([reason, names]) => names.split(/\s+/).map((name) => [name, reason] as const)),
);

/** All reserved names. */
export const reservedNames: readonly string[] = [...reasons.keys()];

/** Returns why a secret cannot have this name, as a clause, or undefined if it can. */
export function whyReserved(name: string): string | undefined {
  return reasons.get(name);
}
