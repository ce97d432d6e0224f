#!/bin/bash
# The job of `nf-escrow doctor --probe`: reads what was placed for it as a task would, and tells how it looks from here.
# nf-escrow fills in the words in capitals. The answer is there whole or not at all.

directory=@DIRECTORY@
secret=$directory/secrets/@NAME@

# Whether another user could read it: tried where we may become one, which only root may. `nobody` has that number.
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
