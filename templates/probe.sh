#!/bin/bash
# The job of `nf-escrow doctor --probe`: reads its secret as a task would and reports what it sees. nf-escrow replaces
# the words in capitals. The answer is renamed into place, so that a reader never sees a part of it.

directory=@DIRECTORY@
secret=$directory/secrets/@NAME@

# Tests whether another user can read the secret. Only root can try that, as user 65534 (`nobody`).
others() {
  as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  if [ "$(id -u)" -ne 0 ] || ! "${as_nobody[@]}" true; then
    echo untried
  elif "${as_nobody[@]}" cat "$secret" >/dev/null; then
    echo read
  else
    echo refused
  fi
} 2>/dev/null

{
  echo "host $(uname -n)"
  echo "digest $(sha256sum <"$secret" | cut -c1-64)"
  echo "modes $(stat -c '%a:%u' "$directory" "$directory/secrets" "$secret" | tr '\n' ' ')"
  echo "others $(others)"
  echo "system $(stat -f -c %T "$directory")"
} >"$directory/answer.new" 2>/dev/null
mv "$directory/answer.new" "$directory/answer"
