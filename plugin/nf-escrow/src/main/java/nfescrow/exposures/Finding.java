package nfescrow.exposures;

import java.util.List;

/**
 * A file in which values are. `file`: relative to the work directory where it is below it, else absolute. `task`, `process`:
 * null for a file of the run. `secrets`: their names.
 */
public record Finding(String file, String task, String process, List<String> secrets) {}
