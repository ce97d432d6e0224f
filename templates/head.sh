#!/bin/bash
# The head job of a run: restores the environment of the command that requested the run, then starts the shim.
# nf-escrow replaces the words in capitals. Uses bash, like nextflow itself, because only bash knows the functions that
# users export (`module` on most clusters).

# When a job is cancelled, this script receives TERM too. It must outlive nextflow to report its exit status.
trap : TERM

directory=@DIRECTORY@
requeue=@REQUEUE@

say() { printf 'nf-escrow: %s\n' "$1" >&2; }

# A restart after a preemption or a node failure, if the user requested that: restores the fence, unless the run was
# aborted in the meantime. Removes the FIFO and the plugin's claim of the previous head.
if [ "$requeue" = yes ] && [ -e "$directory/started" ] && [ ! -e "$directory/exit" ]; then
  rm -f "$directory/alive" "$directory/interrupted" "$directory/head.json"
  mv "$directory/started" "$directory/armed"
fi

if [ ! -e "$directory/armed" ] || [ ! -r "$directory/environment" ]; then
  say 'this run was aborted before its job started'
  exit 75
fi

# Unsets the job's own variables, including SLURM_MEM_PER_NODE and similar ones that make tasks fail. Keeps those that
# identify the job and locate its scheduler and scratch space.
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

# The environment is read once and then erased. It must remain if the scheduler may restart the job.
if [ "$requeue" != yes ]; then
  : >"$directory/environment"
  rm -f "$directory/environment"
fi

cd @LAUNCH_DIRECTORY@ || exit 70
/bin/bash "$directory/shim" @ARGUMENTS@
exit $?
