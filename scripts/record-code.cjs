// Loaded by scripts/code-cache.mjs before a command: when the command exits, stores each file that bin/start.cjs has compiled, with the
// functions that the command has called. The daemon exits last: it leaves the files of other commands alone.
'use strict';

const { chmodSync, existsSync, renameSync, writeFileSync } = require('node:fs');
const { basename, join } = require('node:path');
const vm = require('node:vm');

const directory = join(process.env.RECORD_CODE_TO, process.argv[2] === 'daemon' ? 'daemon' : 'commands');
const isDaemon = process.argv.slice(2, 4).join(' ') === 'daemon run';
const scripts = [];

vm.Script = class extends vm.Script {
  constructor(code, options) {
    super(code, options);
    scripts.push({ script: this, name: basename(options.filename) });
  }
};

process.on('exit', () => {
  for (const { script, name } of scripts) {
    const path = join(directory, name);
    if (isDaemon && existsSync(path)) continue;
    const temporary = join(directory, `.${name}.${process.pid}`);
    writeFileSync(temporary, script.createCachedData());
    chmodSync(temporary, 0o644); // the daemon's umask excludes other users
    renameSync(temporary, path);
  }
});
