#!/bin/bash
# The head of a run as a job of a scheduler: gives nextflow the environment that the run was asked for in, then starts
# the shim, which does the rest. nf-escrow fills in the words in capitals. Bash, as nextflow itself: the functions that
# users export (`module` on most clusters) are only known to it.

# A cancelled job gets TERM, this script as well as nextflow: it has to outlive it to tell how nextflow ended.
trap : TERM

directory=@DIRECTORY@
requeue=@REQUEUE@

say() { printf 'nf-escrow: %s\n' "$1" >&2; }

# Started anew after a preemption or a node's failure, where the user wants that: the fence is put up again, unless the
# run was called off meanwhile. What the former head left, the FIFO it held and its claim for its plugin, is not ours.
if [ "$requeue" = yes ] && [ -e "$directory/started" ] && [ ! -e "$directory/exit" ]; then
  rm -f "$directory/alive" "$directory/interrupted" "$directory/head.json"
  mv "$directory/started" "$directory/armed"
fi

if [ ! -e "$directory/armed" ] || [ ! -r "$directory/environment" ]; then
  say 'this run was called off before its job began'
  exit 75
fi

# What the job itself was given goes, also SLURM_MEM_PER_NODE and the like, with which tasks would fail; who this job is
# and where its scheduler and its scratch space are stays.
for name in $(compgen -e); do
  case $name in
    @KEPT_VARIABLES@) ;;
    TMPDIR | HOSTNAME | PATH | HOME) ;;
    *) unset "$name" 2>/dev/null ;;
  esac
done

while IFS= read -r -d '' entry; do
  case $entry in
    BASH_FUNC_*%%=*)
      name=${entry%%\%\%=*}
      name=${name#BASH_FUNC_}
      eval "$name ${entry#*=}" && export -f "${name?}"
      ;;
    *) export "${entry?}" ;;
  esac 2>/dev/null
done <"$directory/environment"

# Read once: whoever looks into this directory later finds nothing of it. It has to stay where the job may be started anew.
if [ "$requeue" != yes ]; then
  : >"$directory/environment"
  rm -f "$directory/environment"
fi

cd @LAUNCH_DIRECTORY@ || exit 70
/bin/bash "$directory/shim" @ARGUMENTS@
exit $?
