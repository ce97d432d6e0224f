package nfescrow;

import nextflow.plugin.BasePlugin;
import nextflow.secret.SecretsLoader;
import org.pf4j.PluginWrapper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives the tasks of a run the secrets that nf-escrow delivered for it. Inactive in a Nextflow that nf-escrow did not
 * start, and in one that a task of such a run starts.
 */
public class EscrowPlugin extends BasePlugin {
    private static final Logger log = LoggerFactory.getLogger(EscrowPlugin.class);

    public EscrowPlugin(PluginWrapper wrapper) {
        super(wrapper);
    }

    @Override
    public void start() {
        super.start();
        ClaimedRun run = ClaimedRun.claim(System.getenv());
        if (!run.isActive()) {
            log.debug("nf-escrow is inactive: {}", run.why());
            return;
        }
        log.debug("nf-escrow serves run {}", run.id());
        // Nextflow has read its configuration. From here on, this plugin provides the secrets.
        run.deleteStore();
        // Nextflow before 25.10 chooses a provider when it reads its configuration, before plugins are loaded.
        SecretsLoader.getInstance().reset();
    }

    /** Nextflow calls this after it has closed the session and written its reports. */
    @Override
    public void stop() {
        Exposures.finishCurrent();
        super.stop();
    }
}
