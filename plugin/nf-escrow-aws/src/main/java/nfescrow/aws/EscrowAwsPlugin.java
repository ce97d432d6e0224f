package nfescrow.aws;

import nextflow.plugin.BasePlugin;
import nextflow.secret.SecretsLoader;
import org.pf4j.PluginWrapper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers secrets of a run from AWS Secrets Manager to the AWS Batch tasks that declare them. A separate plugin
 * because it needs nf-amazon, which runs on other platforms must not require.
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
            log.debug("nf-escrow-aws is inactive");
            return;
        }
        log.debug("nf-escrow-aws serves run {} with {} references", run.id(), run.names().size());
        SecretsLoader.getInstance().reset();
    }
}
