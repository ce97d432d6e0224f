package nfescrow;

import java.lang.reflect.Proxy;
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

/** Prepares the session of a run of nf-escrow, and has its events written down. */
@SuppressWarnings("deprecation") // every version from 24.10 to 26.08 calls it; its successor came with 25.04
public class EventObserverFactory implements TraceObserverFactory {
    private static final String ON_AWS = "nf-escrow-aws";

    @Override
    public Collection<TraceObserver> create(Session session) {
        RunDirectory directory = ClaimedRun.current().directoryOrNull();
        if (directory == null) return List.of();
        if (directory.hasReferences()) assertHandedOn(Plugins.getManager());
        hideOurVariables(session, directory.restored());
        if (directory.restored().getOrDefault("NXF_PLUGINS_DEFAULT", "").isEmpty()) GuessedPlugins.start(session);
        RunEvents events = new RunEvents(new EventLog(directory.events()), directory);
        // A proxy: between versions the interface gains and changes methods that do not matter here.
        Object observer = Proxy.newProxyInstance(
            getClass().getClassLoader(), new Class<?>[] {TraceObserver.class}, events.observer());
        return List.of((TraceObserver) observer);
    }

    /** Throws while the session is made, as what an observer throws later Nextflow only logs. */
    static void assertHandedOn(PluginManager manager) {
        PluginWrapper plugin = manager.getPlugin(ON_AWS);
        if (plugin != null && plugin.getPluginState() == PluginState.STARTED) return;
        throw new AbortOperationException("nf-escrow: the run's secrets are on AWS, and the plugin " + ON_AWS
            + ", which hands them to tasks there, is not loaded. Nothing was submitted; .nextflow.log tells why");
    }

    /**
     * Tasks inherit the head's environment, and a Nextflow within a task must not find the run. Nextflow warns of
     * variables that are empty, so these are texts that a shell makes nothing of.
     */
    @SuppressWarnings("unchecked")
    private static void hideOurVariables(Session session, Map<String, String> restored) {
        if (!(session.getConfig().get("env") instanceof Map<?, ?> env)) return;
        restored.forEach((name, value) ->
            ((Map<String, Object>) env).putIfAbsent(name, value.isEmpty() ? "${NF_ESCROW_NOTHING:-}" : value));
    }
}
