/** One line of Nextflow's log. */
export interface LogLine {
  /** The last part of the logger's name: the class that wrote the line. */
  readonly logger: string;
  readonly message: string;
}

/**
 * `%d{MMM-dd HH:mm:ss.SSS} [%t] %-5level %logger{36} - %msg%n` (LoggerHelper, createEncoder; 24.10 to 26.08). Month names are
 * in the JVM's language and may contain a digit. Packages of long logger names are abbreviated to letters.
 */
const PREFIX =
  /^[\p{L}\d]{1,9}\.?-\d\d \d\d:\d\d:\d\d\.\d{3} \[[^\]\r\n]{1,200}\] (?:TRACE|DEBUG|INFO |WARN |ERROR) (?:[a-z0-9_]{1,40}\.){0,9}([A-Za-z0-9_$]{1,80}) - (.*)$/su;

/**
 * Parses one line of the log. Returns undefined for continuation lines of a message and for any other line. A message that
 * contains a newline can forge a line, so the log informs people and no decision depends on it.
 */
export function parseLogLine(line: string): LogLine | undefined {
  const [, logger, message] = PREFIX.exec(line) ?? [];
  return logger === undefined || message === undefined ? undefined : { logger, message };
}
