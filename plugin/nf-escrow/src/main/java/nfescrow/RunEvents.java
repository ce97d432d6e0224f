package nfescrow;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import nextflow.Session;
import nextflow.extension.FilesEx;
import nextflow.processor.TaskHandler;
import nextflow.processor.TaskRun;
import nextflow.trace.TraceRecord;
import nfescrow.exposures.RunFiles;

/** Records the events of a run: its start, its tasks with the names of their secrets, and its end. */
final class RunEvents {
    private final EventLog events;
    private final Exposures exposures;
    private Session session;

    RunEvents(EventLog events, RunDirectory directory) {
        this.events = events;
        this.exposures = new Exposures(directory, events);
    }

    /** Records what a method of TraceObserver reports. Methods that it does not know have no effect. */
    void observe(String what, Object[] arguments) {
        switch (what) {
            case "onFlowCreate" -> begin((Session) arguments[0]);
            case "onProcessPending" -> exposures.pending(taskOf(arguments));
            case "onProcessSubmit" -> submitted(arguments);
            case "onProcessStart" -> task("task.start", arguments);
            case "onProcessComplete" -> completed(arguments);
            case "onProcessCached" -> task("task.cached", arguments);
            case "onFlowComplete" -> end();
            default -> { }
        }
    }

    private void begin(Session created) {
        session = created;
        exposures.begin(created);
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("name", created.getRunName());
        data.put("session", created.getUniqueId().toString());
        data.put("masked", exposures.knowsValues());
        data.put("work", exposures.mask(FilesEx.toUriString(created.getWorkDir())));
        Path trace = RunFiles.trace(created);
        if (trace != null) data.put("trace", exposures.mask(trace.toString()));
        events.write("run.begin", data, true);
    }

    private void submitted(Object[] arguments) {
        task("task.submit", arguments);
        exposures.submitted(taskOf(arguments));
    }

    private void completed(Object[] arguments) {
        task("task.end", arguments);
        exposures.completed(taskOf(arguments));
    }

    private void end() {
        Map<String, Object> data = new LinkedHashMap<>();
        boolean success = session != null && session.isSuccess();
        data.put("success", success);
        if (session != null && session.getError() != null) data.put("error", session.getError().getClass().getName());
        if (session != null && session.isAborted()) data.put("aborted", true);
        events.write("run.end", data, true);
    }

    private void task(String type, Object[] arguments) {
        TaskHandler handler = (TaskHandler) arguments[0];
        TraceRecord trace = (TraceRecord) arguments[1];
        TaskRun task = handler.getTask();
        List<String> secrets = task.getConfig().getSecret();
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("task", String.valueOf(task.getId()));
        data.put("process", task.getProcessor().getName());
        data.put("name", exposures.mask(task.getName()));
        data.put("hash", task.getHashLog());
        // The daemon cancels a job that outlives its head only if its scheduler says that it came from this directory.
        data.put("executor", task.getProcessor().getExecutor().getName());
        data.put("native", valueOf(trace, "native_id"));
        if (task.getWorkDir() != null) data.put("workdir", exposures.mask(FilesEx.toUriString(task.getWorkDir())));
        data.put("attempt", task.getConfig().getAttempt());
        if (secrets != null && !secrets.isEmpty()) data.put("secrets", secrets.stream().map(String::valueOf).toList());
        if (type.equals("task.end") || type.equals("task.cached")) {
            data.put("status", valueOf(trace, "status"));
            data.put("exit", valueOf(trace, "exit"));
            data.put("duration", valueOf(trace, "duration"));
        }
        events.write(type, data, false);
    }

    private static TaskRun taskOf(Object[] arguments) {
        return ((TaskHandler) arguments[0]).getTask();
    }

    private static String valueOf(TraceRecord trace, String key) {
        Object value = trace == null ? null : trace.get(key);
        return value == null ? null : value.toString();
    }
}
