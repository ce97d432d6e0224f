/** Signals by which a person or a scheduler ends a command. */
export const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/**
 * Signals that may be sent to this process only but are intended for nextflow. Schedulers warn with SIGUSR1 and SIGUSR2. An
 * unhandled SIGUSR1 makes Node open its inspector to every user of the machine.
 */
export const FORWARDED = [...ENDING, 'SIGUSR1', 'SIGUSR2'] as const;
