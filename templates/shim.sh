#!/bin/sh
# Starts nextflow in the caller's terminal and environment, and removes the run's secrets as soon as it ends. Works
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
#   heartbeat         optional: a counter that increases while nextflow runs
#   requeue           optional: a scheduler may restart this script
#   reserve.NAME      disk space that is reserved for the file NAME
# `command -p` finds the system's tools whatever PATH the caller has. PATH itself is left to nextflow.

say() { printf 'nf-escrow: %s\n' "$1" >&2; }

# A path may contain terminal escape sequences, so only printable ASCII is shown.
printable() { printf '%s' "$1" | LC_ALL=C command -p tr -c ' -~' '?'; }

# Removes anything that a task may have created at a path that we are about to write. Removes a link, not its target.
clear() {
  if [ -e "$1" ] || [ -L "$1" ]; then command -p rm -rf "$1"; fi
}

# Writes a file atomically, through a temporary name. A failure (full disk, deleted directory) is ignored: readers have
# other evidence, and nextflow must continue. -C refuses to open an existing file, so that no link is followed. A
# directory at the target is removed, because mv would move the file into it.
put() {
  {
    from=$dir/$1.new
    clear "$from"
    if ! (umask 077 && set -C && printf '%s\n' "$2" >"$from"); then
      # The disk is full. Overwrite the reserved block in place: another process could take a freed block.
      clear "$from"
      from=$dir/reserve.$1
      [ ! -L "$from" ] && [ -n "$(command -p find "$from" -type f -links 1)" ] || return 1
      printf '%s\n' "$2" 1<>"$from" || return 1
    fi
    [ ! -d "$dir/$1" ] || clear "$dir/$1"
    command -p mv -f "$from" "$dir/$1"
  } 2>/dev/null
}

# Writes the identity of the nextflow process: `self` (this subshell before it executes nextflow) or a pid. Uses shell
# builtins, except for readlink. Field 22 of stat is the start time. The name in field 2 may contain blanks, so the
# fields are counted from its closing parenthesis.
identify() {
  read -r stat <"/proc/$1/stat"
  read -r boot </proc/sys/kernel/random/boot_id
  read -r host </proc/sys/kernel/hostname
  namespace=$(command -p readlink "/proc/$1/ns/pid")
  pid=${stat%% *}
  set -f
  # shellcheck disable=SC2086 # the fields are to be split
  set -- ${stat##*) }
  shift 19
  put process "{\"host\":\"$host\",\"bootId\":\"$boot\",\"pidNamespace\":\"$namespace\",\"pid\":$pid,\"startTime\":\"$1\"}"
}

# Removes the secrets: rename, truncate, unlink. A process that still has a file open then reads nothing. Links are not
# followed, neither for a file nor for its directory. The directory is handled as a whole, because one process per file
# took a second for a hundred secrets. A task may have replaced one of our names by a hard link to a file of the user. A
# file with several names is therefore only unlinked, unless `inodes` lists it as delivered. A delivered file is
# truncated, so that its other names, wherever they are, lead to an empty file. `erased` reports the truncated inodes to
# the daemon. It is written before the names are removed, because they are the only other evidence.
remove() {
  erased=
  [ ! -L "$dir/secrets" ] || clear "$dir/secrets"
  for path in "$dir"/store.json "$dir"/.nf-*.secrets "$dir"/secrets; do
    if [ -f "$path" ] || [ -d "$path" ]; then
      [ ! -L "$path" ] || continue
      clear "$dir/.gone"
      command -p mv -f "$path" "$dir/.gone" || continue
      unlink_foreign && empty "$dir/.gone" "$dir"/.gone/* && report
      clear "$dir/.gone"
    fi
  done
}

# Does not descend below .gone: deeper entries are removed anyway, and their paths may be too long for a program.
unlink_foreign() {
  set -- command -p find "$dir/.gone" -maxdepth 1 -type f -links +1
  if [ -f "$dir/inodes" ] && [ ! -L "$dir/inodes" ]; then
    while read -r inode; do
      case $inode in '' | *[!0-9]*) ;; *) set -- "$@" ! -inum "$inode" ;; esac
    done <"$dir/inodes"
  fi
  "$@" -exec rm -f {} +
}

report() {
  erased="$erased $(command -p find "$dir/.gone" -maxdepth 1 -type f -size 0 -exec ls -id {} + 2>/dev/null |
    while read -r inode _; do
      case $inode in '' | *[!0-9]*) ;; *) printf '%s ' "$inode" ;; esac
    done)"
  put erased "$erased"
}

# Uses `true` instead of `:`. If a redirection of `:`, a special builtin, fails (a file that is being executed), the
# shell exits.
empty() {
  for file in "$@"; do
    if [ -f "$file" ] && [ ! -L "$file" ]; then true >"$file"; fi
  done 2>/dev/null
  true
}

# Serves a daemon on another host, which sees neither our processes nor our FIFO: increments `heartbeat` while nextflow
# runs, and sends TERM to nextflow when `cancel` appears. Holds neither the FIFO nor the caller's output. With -bg, the
# process is first the launcher and then the process that the launcher leaves running.
beat() {
  trap '' HUP INT QUIT TERM USR1 USR2
  exec 9>&-
  rounds=0 missed=0
  while [ "$missed" -lt 3 ]; do
    command -p sleep 5
    rounds=$((rounds + 1))
    if lives; then
      missed=0
      [ $((rounds % 3)) -ne 0 ] || put heartbeat "$rounds.$$"
      if [ -e "$dir/cancel" ] && command -p rm "$dir/cancel"; then kill -TERM "$pid"; fi
    else
      missed=$((missed + 1))
    fi
  done
}

# Tests whether the process in `process` exists. The start time detects a reused pid.
lives() {
  read -r head <"$dir/process" || return 1
  pid=${head##*'"pid":'} start=${head##*'"startTime":"'}
  pid=${pid%%,*} start=${start%%'"'*}
  read -r stat <"/proc/$pid/stat" || return 1
  set -f
  # shellcheck disable=SC2086 # the fields are to be split
  set -- ${stat##*) }
  [ "$1" != Z ] && shift 19 && [ "$1" = "$start" ]
} 2>/dev/null

main() {
  dir=$1 mode=$2
  shift 2
  # Signals to the whole process group (Ctrl-C, hangup, a scheduler's warning) are left to nextflow, and the shim must
  # outlive it. The handler is `:` because nextflow would inherit '' as "ignore".
  trap : HUP INT QUIT USR1 USR2
  terminated=
  trap 'terminated=yes' TERM
  # mkfifo prints the reason of a failure. In the C locale it escapes the path, which a shell would print unescaped.
  if ! (umask 077 && LC_ALL=C command -p mkfifo "$dir/alive") || ! { exec 9<>"$dir/alive"; } 2>/dev/null; then
    say "cannot use the run directory $(printable "$dir")"
    exit 70
  fi
  if ! command -p mv "$dir/armed" "$dir/started" 2>/dev/null; then
    say 'this run was aborted before nextflow started; run the command again'
    exit 75
  fi
  # Unset first: if the caller exports a variable of this name, nextflow would inherit our value. The file is truncated
  # in place, so that the fence exists at all times.
  unset nf_escrow_token
  { read -r nf_escrow_token <"$dir/started" && true >"$dir/started"; } 2>/dev/null
  beats=
  if [ -e "$dir/heartbeat" ]; then
    # Started in a subshell, so that it is no job of this shell: bash would report that the job was killed.
    beats=$(beat </dev/null >/dev/null 2>&1 & printf '%s' "$!")
  fi
  (
    identify self
    exec "$@"
  )
  status=$?
  # A scheduler signals the processes of a job in sequence. nextflow may end (143: by TERM) before we receive TERM.
  [ "$status" -ne 143 ] || terminated=yes
  if [ -n "$terminated" ] && [ -e "$dir/requeue" ]; then
    # Possibly a preemption. The secrets are kept for a restart. If there is none, the daemon learns that from the
    # scheduler.
    put started "$nf_escrow_token"
    put interrupted "$status"
    exit "$status"
  fi
  if [ "$mode" = bg ] && [ "$status" -eq 0 ]; then
    # nextflow -bg continues as another process. Its pid file names the process, and the FIFO that it holds proves it.
    if read -r head <"${NXF_PID_FILE:-.nextflow.pid}" && [ "/proc/$head/fd/9" -ef "$dir/alive" ]; then
      identify "$head"
    fi 2>/dev/null
    # A background subshell waits until no process holds the FIFO. It opens the FIFO for reading before it closes the
    # descriptor for writing: otherwise the open would block if there is no other writer.
    (
      trap '' HUP INT QUIT
      exec 8<"$dir/alive" 9>&-
      command -p cat <&8 >/dev/null
      remove
    ) </dev/null >/dev/null 2>&1 &
    exit 0
  fi
  [ -z "$beats" ] || kill -KILL "$beats"
  # nextflow was killed, so its jobs may still run. If the user wants them to keep their secrets, the daemon takes over.
  [ "$status" -eq 137 ] && [ -e "$dir/on-lost" ] || remove
  put exit "$status${nf_escrow_token:+ $nf_escrow_token}"
  exit "$status"
}

main "$@"
