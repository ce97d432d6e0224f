package nfescrow.exposures;

import java.nio.file.Path;

/** The directory to which Nextflow writes the files of a task. */
public record TaskDirectory(String task, String process, Path path) {}
