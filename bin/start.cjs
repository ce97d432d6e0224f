// What bin/nf-escrow starts in Node. Written for any Node there is, so that an old one says what it lacks.
'use strict';

var path = require('path');

process.on('SIGUSR1', function () {}); // Node would open its debugger

var parts = process.versions.node.split('.').map(Number);

/** Ends with a message as all others: what failed, why, and a remedy. 78: configuration. */
function fail(message, hint) {
  process.stderr.write('nf-escrow: ' + message + '\n           ' + hint + '\n');
  process.exit(78);
}

if (parts[0] < 20 || (parts[0] === 20 && parts[1] < 19))
  fail(
    'cannot start: ' + process.execPath + ' is Node.js ' + process.versions.node + ', which is too old.',
    'Put Node.js 20.19 or later first on PATH, or set NF_ESCROW_NODE to the path of one.',
  );

var bundle = path.join(__dirname, '../dist/bundle/main.cjs');
if (!require('fs').existsSync(bundle))
  fail('cannot start: ' + bundle + ' does not exist.', 'Build it: npm run build');

require(bundle).main({ path: path.join(__dirname, 'nf-escrow'), isLauncher: true }, process.argv.slice(2));
