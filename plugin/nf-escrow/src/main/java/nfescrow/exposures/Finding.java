package nfescrow.exposures;

import java.util.List;

/**
 * A file that contains values. `file` is relative to the work directory if it is below it, otherwise absolute. `task`
 * and `process` are null for a file of the run. `secrets` are names.
 */
public record Finding(String file, String task, String process, List<String> secrets) {}
