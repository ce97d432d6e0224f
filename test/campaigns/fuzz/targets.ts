import type { Target } from './target.ts';
import { api } from './targets/api.ts';
import { runArguments } from './targets/arguments.ts';
import { commandLine } from './targets/command-line.ts';
import { environment } from './targets/environment.ts';
import { config, hostLease, imports, keyFile, launcher, store } from './targets/files.ts';
import { events, log, trace } from './targets/head-files.ts';
import { ledgerFile } from './targets/ledger-file.ts';
import { names } from './targets/names.ts';
import { redaction } from './targets/redaction.ts';
import { runDirectory } from './targets/run-directory.ts';
import { scheduler } from './targets/scheduler.ts';
import { vaultImport } from './targets/vault-import.ts';

/** All kinds of untrusted input. */
export const targets: readonly Target[] = [
  names,
  runArguments,
  environment,
  scheduler,
  trace,
  log,
  events,
  store,
  imports,
  config,
  hostLease,
  keyFile,
  launcher,
  commandLine,
  api,
  runDirectory,
  vaultImport,
  ledgerFile,
  redaction,
];
