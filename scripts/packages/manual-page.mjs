// Writes the manual page nf-escrow(1) from the tree of commands that completion uses.

/** Returns the manual page in the format of man(7). */
export function manualPage(tree, version) {
  const { root, runOptions } = tree;
  return [
    `.TH NF\\-ESCROW 1 "" "nf\\-escrow ${text(version)}" "User Commands"`,
    '.SH NAME',
    `nf\\-escrow \\- ${text(withoutPeriod(root.description))}`,
    '.SH SYNOPSIS',
    ...['run [options] PIPELINE [Nextflow options]', 'COMMAND [options]'].flatMap((usage, index) => [
      ...(index === 0 ? [] : ['.br']),
      `.B nf\\-escrow\n${text(usage)}`,
    ]),
    '.SH COMMANDS',
    ...root.commands.flatMap((command) => describeCommand(command, [], runOptions)),
    '.SH FILES',
    ...item('/etc/nf\\-escrow/config.yaml', 'Defaults of the site, and settings that users cannot change.'),
    ...item('~/.config/nf\\-escrow/config.yaml', 'Settings. \\fBnf\\-escrow config list\\fR shows them.'),
    ...item('~/.local/state/nf\\-escrow', 'Encrypted secrets, records of runs, log of the daemon.'),
    '.SH EXIT STATUS',
    '\\fBnf\\-escrow run\\fR exits with the status of Nextflow. If it cannot start Nextflow:',
    ...item('64', 'usage'),
    ...item('69', 'the daemon or a store is unavailable'),
    ...item('70', 'internal error'),
    ...item('75', 'try again'),
    ...item('77', 'permission denied'),
    ...item('78', 'configuration'),
    'Other commands exit with these statuses, with 0 after success, and with 1 if an operation failed.',
    '',
  ].join('\n');
}

function describeCommand({ names, description, options, arguments: args, commands }, parents, runOptions) {
  const [name] = names;
  const title = [...parents, name].join(' ');
  const words = args.map(({ name: argument, isVariadic }) => (isVariadic ? `${argument}...` : argument));
  const own = title === 'run' ? runOptions : options;
  return [
    `.SS ${text(['nf-escrow', title, ...words].join(' '))}`,
    `${text(withoutPeriod(description))}.`,
    ...own
      .filter((option) => !option.names.includes('--help'))
      .flatMap((option) => item(describeOption(option), text(option.description))),
    ...commands.flatMap((command) => describeCommand(command, [...parents, name], runOptions)),
  ];
}

function describeOption({ names, value }) {
  const flags = names.map((name) => `\\fB${text(name)}\\fR`).join(', ');
  return value === undefined ? flags : `${flags} \\fI${text(value.name)}\\fR`;
}

function item(title, description) {
  return ['.TP', title, description];
}

function withoutPeriod(description) {
  return description.replace(/\.$/, '');
}

/** Escapes text: groff_char(7). A control character at the start of a line would be a request. */
function text(words) {
  return words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('`', '\\(ga')
    .replaceAll("'", '\\(aq')
    .replace(/^\./, '\\&.')
    .replaceAll('…', '...');
}
