/** Returns the version numbers of X.Y.Z, or undefined. */
export function parseVersion(text) {
  const [, ...parts] = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/.exec(text) ?? [];
  return parts.length === 0 ? undefined : parts.map(Number);
}

/** Returns whether version `a` is newer than version `b`. */
export function isNewer(a, b) {
  const [first, second] = [parseVersion(a), parseVersion(b)];
  const index = first.findIndex((part, at) => part !== second[at]);
  return index !== -1 && first[index] > second[index];
}

/**
 * Moves the entries of "Unreleased" in a changelog to a section for a version. Returns the new text and the entries. Throws if there are
 * no entries. Format: https://keepachangelog.com/en/1.1.0/.
 */
export function releaseChangelog(text, { version, date, repository }) {
  const [heading, entries = ''] = /^## \[Unreleased\]\n(.*?)(?=^## \[|^\[Unreleased\]: )/ms.exec(text) ?? [];
  if (entries.trim() === '') throw new Error('CHANGELOG.md has no entries under "Unreleased".');
  if (text.includes(`\n## [${version}]`))
    throw new Error(`CHANGELOG.md has a section for ${version} already.`);
  const section = `## [Unreleased]\n\n## [${version}] - ${date}\n\n${entries.trim()}\n\n`;
  const [, before] = /^\[Unreleased\]: .*compare\/v([\d.]+)\.\.\./m.exec(text) ?? [];
  const link = before === undefined ? `releases/tag/v${version}` : `compare/v${before}...v${version}`;
  const links = [
    `[Unreleased]: ${repository}/compare/v${version}...main`,
    `[${version}]: ${repository}/${link}`,
  ].join('\n');
  const released = text
    .replace(heading, () => section)
    .replace(/^\[Unreleased\]: .*$/m, () => links)
    .replace(' Nothing has been released yet.', '');
  return { text: released, entries: entries.trim() };
}
