#!/bin/sh
# Starts nextflow in the caller's terminal and environment. Removes the run's secrets as soon as nextflow ends. Works
# without the daemon.
#
#   shim DIRECTORY fg|bg NEXTFLOW [ARGUMENT...]
#
# DIRECTORY is the run directory. Its files:
#   armed -> started  the fence: either the shim or an abort renames `armed`, which decides whether the run starts. The
#                     file contains a token
#   alive             a FIFO that nextflow inherits. While a process holds it, the run is alive
#   process           the identity of the nextflow process
#   exit              the exit status and the token. Tasks can write this file too, but do not know the token
#   wake              the shim writes this file after it has changed another one. The daemon watches it
#   heartbeat         optional: a counter that increases while nextflow runs
#   requeue           optional: a scheduler may restart this script
#   reserve.NAME      disk space that is reserved for the file NAME
# `command -p` finds the system's tools regardless of the caller's PATH. The shim does not change PATH for nextflow.
#
# A variable or function that the caller exports stays exported when a shell assigns it, and nextflow would inherit our
# value. All names here therefore start with nfe_, which is reserved for nf-escrow.

# Removes variables of the caller whose names the shim uses.
nfe_unset() {
  unset nfe_dir nfe_mode nfe_token nfe_terminated nfe_status nfe_beats nfe_rounds nfe_missed nfe_head nfe_pid nfe_start
  unset nfe_stat nfe_boot nfe_host nfe_namespace nfe_from nfe_erased nfe_path nfe_inode nfe_rest nfe_file
}

# Tells the daemon that files have changed. `wake` stays open while tasks run: if a task replaces it by a link or FIFO,
# the shim does not open the replacement. A failure is ignored: the daemon also polls.
nfe_wake() { printf . >&6; } 2>/dev/null

nfe_say() { printf 'nf-escrow: %s\n' "$1" >&2; }

# A path may contain terminal escape sequences, so only printable ASCII is shown.
nfe_printable() { printf '%s' "$1" | LC_ALL=C command -p tr -c ' -~' '?'; }

# Removes anything that a task may have created at a path that we are about to write. Removes a link, not its target.
nfe_clear() {
  if [ -e "$1" ] || [ -L "$1" ]; then command -p rm -rf "$1"; fi
}

# Writes a file atomically, through a temporary name. A failure (full disk, deleted directory) is ignored: readers have
# other evidence, and nextflow must continue. -C refuses to open an existing file, so that no link is followed. A
# directory at the target is removed, because mv would move the file into it.
nfe_put() {
  {
    nfe_from=$nfe_dir/$1.new
    nfe_clear "$nfe_from"
    if ! (umask 077 && set -C && printf '%s\n' "$2" >"$nfe_from"); then
      # The disk is full. Overwrite the reserved block in place: another process could take a freed block.
      nfe_clear "$nfe_from"
      nfe_from=$nfe_dir/reserve.$1
      [ ! -L "$nfe_from" ] && [ -n "$(command -p find "$nfe_from" -type f -links 1)" ] || return 1
      printf '%s\n' "$2" 1<>"$nfe_from" || return 1
    fi
    [ ! -d "$nfe_dir/$1" ] || nfe_clear "$nfe_dir/$1"
    command -p mv -f "$nfe_from" "$nfe_dir/$1"
  } 2>/dev/null
}

# Writes the identity of the nextflow process: `self` (this subshell before it executes nextflow) or a pid. Uses shell
# builtins, except for readlink. Field 22 of stat is the start time. The name in field 2 may contain blanks, so the
# fields are counted from its closing parenthesis.
nfe_identify() {
  read -r nfe_stat <"/proc/$1/stat"
  read -r nfe_boot </proc/sys/kernel/random/boot_id
  read -r nfe_host </proc/sys/kernel/hostname
  nfe_namespace=$(command -p readlink "/proc/$1/ns/pid")
  nfe_pid=${nfe_stat%% *}
  set -f
  # shellcheck disable=SC2086 # the fields are to be split
  set -- ${nfe_stat##*) }
  set +f
  shift 19
  nfe_put process "{\"host\":\"$nfe_host\",\"bootId\":\"$nfe_boot\",\"pidNamespace\":\"$nfe_namespace\",\"pid\":$nfe_pid,\"startTime\":\"$1\"}"
}

# Descriptor 7 leads to the run directory, even if the directory was moved.
nfe_follow() {
  if [ ! "$nfe_dir" -ef /proc/self/fd/7 ] && [ -d /proc/self/fd/7/. ]; then nfe_dir=/proc/self/fd/7; fi
}

# Removes the secrets: rename, truncate, unlink. A process that still has a file open then reads nothing. Links are not
# followed, neither for a file nor for its directory. The directory is handled as a whole, because one process per file
# took a second for a hundred secrets. A task may have replaced one of our names by a hard link to a file of the user. A
# file with several names is therefore only unlinked, unless `inodes` lists it as delivered. A delivered file is
# truncated, so that all of its other names refer to an empty file. `erased` reports the truncated inodes to
# the daemon. It is written before the names are removed, because they are the only other evidence.
nfe_remove() {
  nfe_erased=
  [ ! -L "$nfe_dir/secrets" ] || nfe_clear "$nfe_dir/secrets"
  for nfe_path in "$nfe_dir"/store.json "$nfe_dir"/.nf-*.secrets "$nfe_dir"/secrets; do
    if [ -f "$nfe_path" ] || [ -d "$nfe_path" ]; then
      [ ! -L "$nfe_path" ] || continue
      nfe_clear "$nfe_dir/.gone"
      command -p mv -f "$nfe_path" "$nfe_dir/.gone" || continue
      nfe_unlink_foreign && nfe_empty "$nfe_dir/.gone" "$nfe_dir"/.gone/* && nfe_report
      nfe_clear "$nfe_dir/.gone"
    fi
  done
}

# Does not descend below .gone: deeper entries are removed anyway, and their paths may be too long for a program.
nfe_unlink_foreign() {
  set -- command -p find "$nfe_dir/.gone" -maxdepth 1 -type f -links +1
  if [ -f "$nfe_dir/inodes" ] && [ ! -L "$nfe_dir/inodes" ]; then
    while read -r nfe_inode; do
      case $nfe_inode in '' | *[!0-9]*) ;; *) set -- "$@" ! -inum "$nfe_inode" ;; esac
    done <"$nfe_dir/inodes"
  fi
  "$@" -exec rm -f {} +
}

nfe_report() {
  nfe_erased="$nfe_erased $(command -p find "$nfe_dir/.gone" -maxdepth 1 -type f -size 0 -exec ls -id {} + 2>/dev/null |
    while read -r nfe_inode nfe_rest; do
      case $nfe_inode in '' | *[!0-9]*) ;; *) printf '%s ' "$nfe_inode" ;; esac
    done)"
  nfe_put erased "$nfe_erased"
}

# Uses `true` instead of `:`. If a redirection of `:`, a special builtin, fails (a file that is being executed), the
# shell exits.
nfe_empty() {
  for nfe_file in "$@"; do
    if [ -f "$nfe_file" ] && [ ! -L "$nfe_file" ]; then true >"$nfe_file"; fi
  done 2>/dev/null
  true
}

# Serves a daemon on another host, which sees neither our processes nor our FIFO: increments `heartbeat` while nextflow
# runs, and sends TERM to nextflow when `cancel` appears. Holds neither the FIFO nor the caller's output. With -bg, the
# process is first the launcher and then the process that the launcher leaves running.
nfe_beat() {
  trap '' HUP INT QUIT TERM USR1 USR2
  exec 6>&- 9>&-
  nfe_rounds=0 nfe_missed=0
  while [ "$nfe_missed" -lt 3 ]; do
    command -p sleep 5
    nfe_rounds=$((nfe_rounds + 1))
    nfe_follow
    if nfe_lives; then
      nfe_missed=0
      [ $((nfe_rounds % 3)) -ne 0 ] || nfe_put heartbeat "$nfe_rounds.$$"
      if [ -e "$nfe_dir/cancel" ] && command -p rm "$nfe_dir/cancel"; then kill -TERM "$nfe_pid"; fi
    else
      nfe_missed=$((nfe_missed + 1))
    fi
  done
}

# Tests whether the process in `process` exists. The start time detects a reused pid.
nfe_lives() {
  read -r nfe_head <"$nfe_dir/process" || return 1
  nfe_pid=${nfe_head##*'"pid":'} nfe_start=${nfe_head##*'"startTime":"'}
  nfe_pid=${nfe_pid%%,*} nfe_start=${nfe_start%%'"'*}
  read -r nfe_stat <"/proc/$nfe_pid/stat" || return 1
  set -f
  # shellcheck disable=SC2086 # the fields are to be split
  set -- ${nfe_stat##*) }
  [ "$1" != Z ] && shift 19 && [ "$1" = "$nfe_start" ]
} 2>/dev/null

nfe_main() {
  nfe_unset
  nfe_dir=$1 nfe_mode=$2
  shift 2
  # Signals to the whole process group (Ctrl-C, hangup, a scheduler's warning) are left to nextflow, and the shim must
  # outlive it. The handler is `:` because nextflow would inherit '' as "ignore".
  trap : HUP INT QUIT USR1 USR2
  nfe_terminated=
  trap 'nfe_terminated=yes' TERM
  # mkfifo prints the reason of a failure. In the C locale it escapes the path, which a shell would print unescaped.
  if ! (umask 077 && LC_ALL=C command -p mkfifo "$nfe_dir/alive") ||
    ! { exec 9<>"$nfe_dir/alive" 7<"$nfe_dir"; } 2>/dev/null; then
    nfe_say "cannot use the run directory $(nfe_printable "$nfe_dir")"
    exit 70
  fi
  # A task of an earlier head may have replaced the file, for example by a hard link to a file of the user. <> neither blocks on a
  # FIFO nor truncates. `command` keeps the shell from exiting if the file cannot be opened.
  {
    [ ! -L "$nfe_dir/wake" ] && [ -n "$(command -p find "$nfe_dir/wake" -type f -links 1)" ] &&
      command exec 6<>"$nfe_dir/wake"
  } 2>/dev/null || exec 6>/dev/null
  if ! command -p mv "$nfe_dir/armed" "$nfe_dir/started" 2>/dev/null; then
    nfe_say 'this run was aborted before nextflow started; run the command again'
    exit 75
  fi
  # The file is truncated in place, so that the fence exists at all times.
  { read -r nfe_token <"$nfe_dir/started" && true >"$nfe_dir/started"; } 2>/dev/null
  nfe_beats=
  if [ -e "$nfe_dir/heartbeat" ]; then
    # Started in a subshell, so that it is not a job of this shell: bash would report that the job was killed.
    nfe_beats=$(nfe_beat </dev/null >/dev/null 2>&1 & printf '%s' "$!")
  fi
  (
    nfe_identify self
    nfe_wake
    # bash lists its option -p in SHELLOPTS, which a caller may have exported. dash has no such option.
    command set +p 2>/dev/null
    exec "$@" 6>&- 7<&-
  )
  nfe_status=$?
  nfe_follow
  # A scheduler signals the processes of a job in sequence. nextflow may end (143: by TERM) before we receive TERM.
  [ "$nfe_status" -ne 143 ] || nfe_terminated=yes
  if [ -n "$nfe_terminated" ] && [ -e "$nfe_dir/requeue" ]; then
    # Possibly a preemption. The secrets are kept for a restart. If there is none, the daemon learns that from the
    # scheduler.
    nfe_put started "$nfe_token"
    nfe_put interrupted "$nfe_status"
    nfe_wake
    exit "$nfe_status"
  fi
  if [ "$nfe_mode" = bg ] && [ "$nfe_status" -eq 0 ]; then
    # nextflow -bg continues as another process. Its pid file names the process, and the FIFO that it holds proves it.
    if read -r nfe_head <"${NXF_PID_FILE:-.nextflow.pid}" && [ "/proc/$nfe_head/fd/9" -ef "$nfe_dir/alive" ]; then
      nfe_identify "$nfe_head"
      nfe_wake
    fi 2>/dev/null
    # A background subshell waits until no process holds the FIFO. It opens the FIFO for reading before it closes the
    # descriptor for writing: otherwise the open would block if there is no other writer.
    (
      trap '' HUP INT QUIT
      exec 8<"$nfe_dir/alive" 6>&- 9>&-
      command -p cat <&8 >/dev/null
      nfe_follow
      nfe_remove
    ) </dev/null >/dev/null 2>&1 &
    exit 0
  fi
  [ -z "$nfe_beats" ] || kill -KILL "$nfe_beats"
  # nextflow was killed, so its jobs may still run. If the user wants them to keep their secrets, the daemon takes over.
  [ "$nfe_status" -eq 137 ] && [ -e "$nfe_dir/on-lost" ] || nfe_remove
  nfe_put exit "$nfe_status${nfe_token:+ $nfe_token}"
  nfe_wake
  exit "$nfe_status"
}

nfe_main "$@"
