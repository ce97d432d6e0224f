package nfescrow.exposures;

import java.util.List;

/**
 * The files that Nextflow writes into the directory of a task (24.10 to 26.08: TaskRun, BashWrapperBuilder,
 * CondorExecutor, K8sTaskHandler). Files that the task creates are the pipeline's data and are not searched.
 */
public final class TaskFiles {
    /** `.command.in` is a task's standard input, `.command.stage` a long staging script. */
    static final List<String> AT_SUBMIT = List.of(
        ".command.run", ".command.sh", ".command.stage", ".command.condor", ".command.yaml", ".command.in");
    /** Small files first, because the output of a task may exceed the read limit. */
    static final List<String> AT_END = List.of(
        ".command.begin", ".exitcode", ".command.env", ".command.trace", ".command.err", ".command.out", ".command.log");

    private TaskFiles() {}
}
