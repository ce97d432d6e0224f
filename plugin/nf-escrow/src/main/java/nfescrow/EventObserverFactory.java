package nfescrow;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import nextflow.Session;
import nextflow.exception.AbortOperationException;
import nextflow.plugin.Plugins;
import nextflow.trace.TraceObserver;
import nextflow.trace.TraceObserverFactory;
import org.pf4j.PluginManager;
import org.pf4j.PluginState;
import org.pf4j.PluginWrapper;

/** Prepares the session of a run of nf-escrow and records its events. */
@SuppressWarnings("deprecation") // all versions from 24.10 to 26.08 call it; its successor exists since 25.04
public class EventObserverFactory implements TraceObserverFactory {
    private static final String ON_AWS = "nf-escrow-aws";

    @Override
    public Collection<TraceObserver> create(Session session) {
        RunDirectory directory = ClaimedRun.current().directoryOrNull();
        if (directory == null) return List.of();
        if (!directory.names().isEmpty()) ExecutorRule.assertDeliverable(session.getConfig());
        if (directory.hasReferences()) assertAwsPluginStarted(Plugins.getManager());
        hideOurVariables(session, directory.restored());
        if (directory.restored().getOrDefault("NXF_PLUGINS_DEFAULT", "").isEmpty()) GuessedPlugins.start(session);
        TraceObserver gate = ObserverProxy.of(new ProcessGate(directory)::observe);
        if (directory.description().usesOwnStore()) return List.of(gate);
        return List.of(ObserverProxy.of(new RunEvents(new EventLog(directory.events()), directory)::observe), gate);
    }

    /** Fails while the session is created: Nextflow only logs what an observer throws later. */
    static void assertAwsPluginStarted(PluginManager manager) {
        PluginWrapper plugin = manager.getPlugin(ON_AWS);
        if (plugin != null && plugin.getPluginState() == PluginState.STARTED) return;
        throw new AbortOperationException("nf-escrow: cannot deliver secrets on AWS Batch: plugin " + ON_AWS
            + " is not loaded. No task was submitted. See .nextflow.log for the reason");
    }

    /**
     * Hides nf-escrow's variables from tasks, which inherit the head's environment: a Nextflow in a task must not
     * find the run. Nextflow warns about empty variables, so an expression that a shell expands to an empty string is
     * used for them.
     */
    @SuppressWarnings("unchecked")
    private static void hideOurVariables(Session session, Map<String, String> restored) {
        if (!(session.getConfig().get("env") instanceof Map<?, ?> env)) return;
        restored.forEach((name, value) ->
            ((Map<String, Object>) env).putIfAbsent(name, value.isEmpty() ? "${NF_ESCROW_NOTHING:-}" : value));
    }
}
