package nfescrow.exposures;

import java.util.List;

/**
 * The files that Nextflow writes into the directory of a task (24.10 to 26.08: TaskRun, BashWrapperBuilder,
 * CondorExecutor, K8sTaskHandler). What the task itself makes is the pipeline's data, and is not searched.
 */
public final class TaskFiles {
    /** Of `.command.in` Nextflow makes a task's standard input, of `.command.stage` a staging script that is long. */
    static final List<String> AT_SUBMIT = List.of(
        ".command.run", ".command.sh", ".command.stage", ".command.condor", ".command.yaml", ".command.in");
    /** Small ones first: what a task prints may be longer than what may be read. */
    static final List<String> AT_END = List.of(
        ".command.begin", ".exitcode", ".command.env", ".command.trace", ".command.err", ".command.out", ".command.log");

    private TaskFiles() {}
}
