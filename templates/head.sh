#!/bin/bash
# The head job of a run: restores the environment of the command that requested the run, then starts the shim.
# nf-escrow replaces the words in capitals. Uses bash, like nextflow itself, because only bash knows the functions that
# users export (`module` on most clusters).

# When a job is cancelled, this script receives TERM too. It must outlive nextflow to report its exit status.
trap : TERM

nfe_directory=@DIRECTORY@
nfe_requeue=@REQUEUE@

nfe_say() { printf 'nf-escrow: %s\n' "$1" >&2; }

# A restart after a preemption or a node failure, if the user requested that: restores the fence, unless the run was
# aborted in the meantime. Removes the FIFO and the plugin's claim of the previous head.
if [ "$nfe_requeue" = yes ] && [ -e "$nfe_directory/started" ] && [ ! -e "$nfe_directory/exit" ]; then
  rm -f "$nfe_directory/alive" "$nfe_directory/interrupted" "$nfe_directory/head.json"
  mv "$nfe_directory/started" "$nfe_directory/armed"
fi

if [ ! -e "$nfe_directory/armed" ] || [ ! -r "$nfe_directory/environment" ]; then
  nfe_say 'this run was aborted before its job started'
  exit 75
fi

# Unsets the job's own variables, including SLURM_MEM_PER_NODE and similar ones that make tasks fail. Keeps those that
# identify the job and locate its scheduler and scratch space.
for nfe_name in $(compgen -e); do
  case $nfe_name in
    @KEPT_VARIABLES@) ;;
    TMPDIR | HOSTNAME | PATH | HOME | nfe_*) ;;
    *) unset "$nfe_name" 2>/dev/null ;;
  esac
done

nfe_entries=()
while IFS= read -r -d '' nfe_entry; do nfe_entries+=("$nfe_entry"); done <"$nfe_directory/environment"

# The environment is read once and then erased. It must remain if the scheduler may restart the job.
if [ "$nfe_requeue" != yes ]; then
  : >"$nfe_directory/environment"
  rm -f "$nfe_directory/environment"
fi

cd @LAUNCH_DIRECTORY@ || exit 70
set -- "$nfe_directory/shim" @ARGUMENTS@

# From here on, variables of the user can have any name. Functions are restored last, because they may replace commands
# of this script. Names that start with nfe_ are reserved for nf-escrow.
for nfe_entry in "${nfe_entries[@]}"; do
  case $nfe_entry in
    nfe_* | BASH_FUNC_*) ;;
    *) export "${nfe_entry?}" ;;
  esac 2>/dev/null
done
for nfe_entry in "${nfe_entries[@]}"; do
  case $nfe_entry in
    BASH_FUNC_*%%=*)
      nfe_name=${nfe_entry%%\%\%=*}
      nfe_name=${nfe_name#BASH_FUNC_}
      builtin eval "$nfe_name ${nfe_entry#*=}" && builtin export -f "${nfe_name?}"
      ;;
  esac 2>/dev/null
done
builtin unset nfe_directory nfe_requeue nfe_name nfe_entry nfe_entries
/bin/bash -p "$@"
