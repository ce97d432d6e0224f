package nfescrow.aws;

import nextflow.plugin.BasePlugin;
import nextflow.secret.SecretsLoader;
import org.pf4j.PluginWrapper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has AWS Batch hand the secrets of a run, which lie in AWS Secrets Manager, to the tasks that declare them. Apart from
 * nf-escrow, since it needs nf-amazon, which runs on other platforms must not.
 */
public class EscrowAwsPlugin extends BasePlugin {
    private static final Logger log = LoggerFactory.getLogger(EscrowAwsPlugin.class);

    public EscrowAwsPlugin(PluginWrapper wrapper) {
        super(wrapper);
    }

    @Override
    public void start() {
        super.start();
        AwsRun run = AwsRun.open(System.getenv());
        if (run == null) {
            log.debug("nf-escrow-aws has nothing to do here");
            return;
        }
        log.debug("nf-escrow-aws serves run {} with {} references", run.id(), run.names().size());
        SecretsLoader.getInstance().reset();
    }
}
