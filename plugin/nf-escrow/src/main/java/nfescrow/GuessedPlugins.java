package nfescrow;

import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import nextflow.Session;
import nextflow.executor.ExecutorFactory;
import nextflow.plugin.Plugins;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts the core plugins that Nextflow derives from the configuration (PluginsFacade.defaultPluginsConf, 24.10 to
 * 26.08). Nextflow does not do so itself because NXF_PLUGINS_DEFAULT names nf-escrow's plugins.
 */
final class GuessedPlugins {
    private static final Logger log = LoggerFactory.getLogger(GuessedPlugins.class);
    private static final Map<String, String> BY_EXECUTOR = Map.of(
        "awsbatch", "nf-amazon",
        "google-batch", "nf-google",
        "google-lifesciences", "nf-google",
        "azurebatch", "nf-azure",
        "k8s", "nf-k8s");

    private GuessedPlugins() {}

    static void start(Session session) {
        boolean started = false;
        for (String id : guess(session.getConfig())) started |= Plugins.startIfMissing(id);
        // An ExecutorFactory knows only the executors of plugins that were loaded before it was created.
        if (started) session.setExecutorFactory(new ExecutorFactory(Plugins.getManager()));
        if (isOn(session.getConfig(), "weblog") && Plugins.getManager().getPlugin("nf-weblog") == null)
            log.warn("nf-escrow: weblog is enabled but plugin nf-weblog is not loaded; set NXF_PLUGINS_DEFAULT=nf-weblog");
    }

    static Set<String> guess(Map<?, ?> config) {
        Set<String> plugins = new LinkedHashSet<>();
        for (String scope : new String[] {"process", "agent"})
            if (config.get(scope) instanceof Map<?, ?> settings && settings.get("executor") instanceof CharSequence executor)
                if (BY_EXECUTOR.get(executor.toString()) != null) plugins.add(BY_EXECUTOR.get(executor.toString()));
        return plugins;
    }

    private static boolean isOn(Map<?, ?> config, String scope) {
        return config.get(scope) instanceof Map<?, ?> settings && "true".equals(String.valueOf(settings.get("enabled")));
    }
}
