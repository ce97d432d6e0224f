/** Loads the modules that `run` and `nextflow` need, concurrently. */
export async function loadNextflowModules() {
  const [find, store, lines, log, version, ask, delivery, identity, job, executed] = await Promise.all([
    import('../nextflow/launcher/find.ts'),
    import('../nextflow/launcher/local-store.ts'),
    import('../nextflow/launcher/arguments.ts'),
    import('../nextflow/logs/log.ts'),
    import('../nextflow/launcher/version.ts'),
    import('../nextflow/launcher/ask-version.ts'),
    import('../nextflow/plugin/secret-delivery.ts'),
    import('../system/processes/process-identity.ts'),
    import('../schedulers/enclosing-job.ts'),
    import('./examine-executed.ts'),
  ]);
  return {
    findNextflow: find.findNextflow,
    findLocalStore: store.findLocalStore,
    chooseSecretDelivery: delivery.chooseSecretDelivery,
    expectedLog: log.expectedLog,
    readLauncher: version.readLauncher,
    askLauncher: ask.askLauncher,
    whyPluginUnusable: delivery.whyPluginUnusable,
    buildRunArguments: lines.buildRunArguments,
    readCommandLine: lines.readCommandLine,
    identifySelf: identity.identifySelf,
    enclosingJob: job.enclosingJob,
    examineExecuted: executed.examineExecuted,
  };
}

export type NextflowModules = Awaited<ReturnType<typeof loadNextflowModules>>;
