#!/bin/sh
# Stands between nf-escrow and nextflow: starts it in the caller's own terminal and environment, and removes the run's
# secrets the moment it ends, whether nf-escrow's daemon is alive or not.
#
#   shim DIRECTORY fg|bg NEXTFLOW [ARGUMENT...]
#
# DIRECTORY is the run directory. In it: `armed` -> `started` (the fence: whoever renames `armed` first decides, a start
# here, or nf-escrow calling the run off; in it a token), `alive` (a FIFO that nextflow inherits: as long as someone holds
# it the run is alive), `process` (which process nextflow is), `exit` (its exit status, and the token: tasks can write
# there as well, and do not know it). Where they are there: `heartbeat` (a count
# that goes on while nextflow lives), `requeue` (a scheduler may start this again), `reserve.NAME` (room for that file).
# `command -p` finds the tools of the system whatever PATH the caller has; PATH itself is nextflow's.

say() { printf 'nf-escrow: %s\n' "$1" >&2; }

# A path may hold what steers a terminal: of its bytes only printable ASCII is shown.
printable() { printf '%s' "$1" | LC_ALL=C command -p tr -c ' -~' '?'; }

# Removes what may have been planted where we are about to write; a link itself, not what it leads to.
clear() {
  if [ -e "$1" ] || [ -L "$1" ]; then command -p rm -rf "$1"; fi
}

# Written under another name first: a reader sees it whole or not at all.
# It may fail (a full disk, a directory that was taken away): who reads it has other evidence, and nextflow goes on.
# -C opens nothing that is there, so that no link is written through; mv would move into a directory.
put() {
  {
    from=$dir/$1.new
    clear "$from"
    if ! (umask 077 && set -C && printf '%s\n' "$2" >"$from"); then
      # The disk is full: there is room that was put by. It is written over, as others would take what is given back.
      clear "$from"
      from=$dir/reserve.$1
      [ ! -L "$from" ] && [ -n "$(command -p find "$from" -type f -links 1)" ] || return 1
      printf '%s\n' "$2" 1<>"$from" || return 1
    fi
    [ ! -d "$dir/$1" ] || clear "$dir/$1"
    command -p mv -f "$from" "$dir/$1"
  } 2>/dev/null
}

# Tells which process nextflow is: `self`, this subshell before it becomes nextflow, or a pid. All but readlink is the
# shell's own doing. Field 22 of stat is the start time; the name in field 2 may hold blanks, so counting starts behind
# its parenthesis.
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

# Rename, truncate, unlink: a process that still has the file open reads nothing, and its name is gone at once.
# A link is not followed, neither the file nor its directory: what it leads to is not ours. The directory goes as one:
# with processes for each file, a hundred secrets took a second. A task may have made one of our names another one of a
# file of the user's own: a name of several is only taken away, unless `inodes` lists the file as one that was delivered.
# Then it is emptied, so that its other names, wherever a task has put them, lead to nothing. `erased` tells nf-escrow's
# daemon what was emptied; it is written before the names go, which would be the only other evidence.
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

# Not below .gone itself: names there are removed whatever they are, and a path may be longer than a program takes.
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

# `true`, not `:`: of a file that cannot be cut (one that is being run) the shell itself would end at `:`.
empty() {
  for file in "$@"; do
    if [ -f "$file" ] && [ ! -L "$file" ]; then true >"$file"; fi
  done 2>/dev/null
  true
}

# For a daemon on another host, which sees neither our processes nor our FIFO: counts on in `heartbeat` while nextflow
# lives, and gives it the TERM that is asked for by `cancel`. Holds neither the FIFO nor the caller's output. With -bg it
# is first the launcher that lives, and then what that has left behind.
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

# Whether the process that `process` names is there, and no other with its pid.
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
  # A signal to the whole group (Ctrl-C, a dropped terminal, a scheduler's warning) is nextflow's to answer. The shim
  # has to outlive it; `:` and not '', which nextflow would inherit as "ignore".
  trap : HUP INT QUIT USR1 USR2
  terminated=
  trap 'terminated=yes' TERM
  # mkfifo says why it fails and quotes the path, in the C locale all of it; a shell would print it as it is.
  if ! (umask 077 && LC_ALL=C command -p mkfifo "$dir/alive") || ! { exec 9<>"$dir/alive"; } 2>/dev/null; then
    say "the run directory $(printable "$dir") cannot be used"
    exit 70
  fi
  if ! command -p mv "$dir/armed" "$dir/started" 2>/dev/null; then
    say 'this run was called off before nextflow was started; run the command again'
    exit 75
  fi
  # Unset first: a variable that the caller exports would be given to nextflow with what we assign. Emptied in place, and not
  # by another name, so that the fence is there all the time.
  unset nf_escrow_token
  { read -r nf_escrow_token <"$dir/started" && true >"$dir/started"; } 2>/dev/null
  beats=
  if [ -e "$dir/heartbeat" ]; then
    # Not a job of this shell's: bash would say that it was killed.
    beats=$(beat </dev/null >/dev/null 2>&1 & printf '%s' "$!")
  fi
  (
    identify self
    exec "$@"
  )
  status=$?
  # A scheduler signals all of a job, one process after another: nextflow may be gone before we are told (143: by TERM).
  [ "$status" -ne 143 ] || terminated=yes
  if [ -n "$terminated" ] && [ -e "$dir/requeue" ]; then
    # Preempted, perhaps, and to be started again: then its secrets have to be there. If not, the daemon hears it from
    # the scheduler.
    put started "$nf_escrow_token"
    put interrupted "$status"
    exit "$status"
  fi
  if [ "$mode" = bg ] && [ "$status" -eq 0 ]; then
    # nextflow -bg goes on behind our back, as another process than the one that was started: its pid file tells which,
    # and that it holds our FIFO proves it.
    if read -r head <"${NXF_PID_FILE:-.nextflow.pid}" && [ "/proc/$head/fd/9" -ef "$dir/alive" ]; then
      identify "$head"
    fi 2>/dev/null
    # A keeper waits until nobody holds the FIFO any more. It opens its own end
    # for reading before it lets go of the other: an open for reading alone would wait for a writer that may be gone.
    (
      trap '' HUP INT QUIT
      exec 8<"$dir/alive" 9>&-
      command -p cat <&8 >/dev/null
      remove
    ) </dev/null >/dev/null 2>&1 &
    exit 0
  fi
  [ -z "$beats" ] || kill -KILL "$beats"
  # Killed without a word, its jobs may live on, and the user wants them to keep their secrets: the daemon takes over.
  [ "$status" -eq 137 ] && [ -e "$dir/on-lost" ] || remove
  put exit "$status${nf_escrow_token:+ $nf_escrow_token}"
  exit "$status"
}

main "$@"
