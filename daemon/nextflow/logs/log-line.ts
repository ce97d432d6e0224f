/** One line as Nextflow's log appender writes it. */
export interface LogLine {
  /** The last part of the logger's name: the class that wrote it. */
  readonly logger: string;
  readonly message: string;
}

/**
 * `%d{MMM-dd HH:mm:ss.SSS} [%t] %-5level %logger{36} - %msg%n` (LoggerHelper, createEncoder; 24.10 to 26.08), whole. Months
 * are named in the JVM's language, in some with a digit; packages are cut to letters where the name is long.
 */
const PREFIX =
  /^[\p{L}\d]{1,9}\.?-\d\d \d\d:\d\d:\d\d\.\d{3} \[[^\]\r\n]{1,200}\] (?:TRACE|DEBUG|INFO |WARN |ERROR) (?:[a-z0-9_]{1,40}\.){0,9}([A-Za-z0-9_$]{1,80}) - (.*)$/su;

/**
 * Reads one line of the log. Undefined for the further lines of a message, and for all that is not exactly such a line. A
 * message that holds a newline can imitate one: what a log says is for people to read, and decides nothing.
 */
export function parseLogLine(line: string): LogLine | undefined {
  const [, logger, message] = PREFIX.exec(line) ?? [];
  return logger === undefined || message === undefined ? undefined : { logger, message };
}
