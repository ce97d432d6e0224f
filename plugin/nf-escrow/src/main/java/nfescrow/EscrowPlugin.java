package nfescrow;

import nextflow.plugin.BasePlugin;
import nextflow.secret.SecretsLoader;
import org.pf4j.PluginWrapper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives the tasks of a run the secrets that nf-escrow placed for it. Does nothing in a Nextflow that nf-escrow did not
 * start, nor in one that is started within a task of such a run.
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
            log.debug("nf-escrow has nothing to do here: {}", run.why());
            return;
        }
        log.debug("nf-escrow serves run {}", run.id());
        // Its config phase is over, or it has none with secrets: from here on this plugin is what they come from.
        run.deleteStore();
        // Nextflow before 25.10 chooses a provider as it reads its configuration, before there are plugins.
        SecretsLoader.getInstance().reset();
    }

    /** The session is closed by then, and what it writes of itself is written. */
    @Override
    public void stop() {
        Exposures.finishCurrent();
        super.stop();
    }
}
