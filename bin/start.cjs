// Entry point in Node. Its syntax is understood by every version of Node, so that an old one reports which version is required.
'use strict';

var fs = require('fs');
var path = require('path');

process.on('SIGUSR1', function () {}); // otherwise Node opens its debugger

var parts = process.versions.node.split('.').map(Number);

/** Prints an error and exits with 78, which stands for an invalid configuration. */
function fail(message, hint) {
  process.stderr.write('nf-escrow: ' + message + '\n           ' + hint + '\n');
  process.exit(78);
}

if (parts[0] < 20 || (parts[0] === 20 && parts[1] < 19))
  fail(
    'cannot start: ' + process.execPath + ' is Node.js ' + process.versions.node + ', which is too old.',
    'Put Node.js 20.19 or later first on PATH, or set NF_ESCROW_NODE to the path of one.',
  );

var bundle = path.join(__dirname, '../dist/bundle');
var main = path.join(bundle, 'main.cjs');
if (!fs.existsSync(main)) fail('cannot start: ' + main + ' does not exist.', 'Build it: npm run build');

/**
 * Makes require use the functions that scripts/code-cache.mjs has compiled with this version of Node, because compiling them takes a
 * third of the time of a command. V8 compiles a file itself if the functions do not fit.
 */
function useCodeCache(directory) {
  if (!fs.existsSync(directory)) return;
  var Module = require('module');
  var vm = require('vm');
  Module._extensions['.cjs'] = function (module, file) {
    if (path.dirname(file) !== bundle) return Module._extensions['.js'](module, file);
    var cached;
    try {
      cached = fs.readFileSync(path.join(directory, path.basename(file)));
    } catch (error) {
      cached = undefined; // the build did not need this file
    }
    // Node's own wrapper. Without a line break, so that stack traces show the lines of the file.
    var wrapped = Module.wrap(fs.readFileSync(file, 'latin1')); // scripts/bundle.mjs writes ASCII
    var script = new vm.Script(wrapped, {
      filename: file,
      cachedData: cached,
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    var load = Module.createRequire(file);
    script.runInThisContext().call(module.exports, module.exports, load, module, file, bundle);
  };
}

/**
 * Prevents V8 from optimizing functions, and returns a function that permits it. Otherwise V8 optimizes during the start, and the
 * compiler and its code take 5 to 10 MB of a daemon that mostly waits. A daemon under load permits it, because it would otherwise
 * answer five times fewer requests.
 */
function postponeOptimization() {
  var v8 = require('v8');
  // Maglev is V8's faster compiler of optimized code, by default since Node 22.
  var compilers = parts[0] < 22 ? ['opt'] : ['opt', 'maglev'];
  var set = function (prefix) {
    compilers.forEach(function (name) {
      v8.setFlagsFromString(prefix + name);
    });
  };
  set('--no-');
  return function () {
    set('--');
    v8.setFlagsFromString('--no-optimize-for-size'); // bin/nf-escrow sets it
  };
}

// With options of V8, the compiled functions are different ones.
var kind = process.argv[2] === 'daemon' ? 'daemon' : 'commands';
var optimize = kind === 'daemon' ? postponeOptimization() : undefined;
useCodeCache(path.join(bundle, 'code-cache', process.version + '-' + process.arch, kind));
require(main).main(
  { path: path.join(__dirname, 'nf-escrow'), isLauncher: true, optimize: optimize },
  process.argv.slice(2),
);
