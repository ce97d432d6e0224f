// Files that a program opens, as strace reports them.

/** Returns the lines of a trace of open(2) and openat(2) that opened a file. */
export function openedLines(trace) {
  return trace.split('\n').filter((line) => /open(at)?\(/.test(line) && !line.includes(' = -1 '));
}

/** Returns the paths in a directory that a trace opened. */
export function openedIn(directory, trace) {
  const paths = openedLines(trace).map((line) => /"([^"]*)"/.exec(line)?.[1]);
  return new Set(paths.filter((path) => path?.startsWith(`${directory}/`)));
}
