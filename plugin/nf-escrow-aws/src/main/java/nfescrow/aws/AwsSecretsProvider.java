package nfescrow.aws;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import nextflow.exception.AbortOperationException;
import nextflow.plugin.Priority;
import nextflow.secret.Secret;
import nextflow.secret.SecretsProvider;

/**
 * The run's secrets for `secrets.NAME` in configuration and scripts: fetched from Secrets Manager when first asked for,
 * once, with the head's own AWS identity, and kept in memory alone. Tasks on AWS Batch are given theirs by ECS.
 */
@Priority(-200) // before nf-escrow's own, which has no values on this platform
public class AwsSecretsProvider implements SecretsProvider {
    private final Map<String, Map<String, String>> fetched = new LinkedHashMap<>();
    private SecretsManager manager;

    @Override
    public boolean activable() {
        return AwsRun.current() != null;
    }

    @Override
    public SecretsProvider load() {
        return this;
    }

    /** Null where the run has no such secret, as with Nextflow's own store. */
    @Override
    public synchronized Secret getSecret(String name) {
        AwsRun run = AwsRun.current();
        String reference = run == null ? null : run.reference(name);
        if (reference == null) return null;
        try {
            return new FetchedSecret(name, read(run, reference));
        } catch (AwsUnavailableException error) {
            throw new AbortOperationException("nf-escrow: secrets." + name + " cannot be fetched: " + error.getMessage());
        }
    }

    private String read(AwsRun run, String reference) throws AwsUnavailableException {
        Reference parsed = Reference.parse(reference);
        Map<String, String> object = fetched.get(parsed.arn());
        if (object == null) {
            if (manager == null) manager = SecretsManager.of(run);
            object = parsed.decode(manager.read(parsed.arn()));
            fetched.put(parsed.arn(), object);
        }
        return object.get(parsed.key());
    }

    @Override
    public Set<String> listSecretsNames() {
        AwsRun run = AwsRun.current();
        return run == null ? Set.of() : new TreeSet<>(run.names());
    }

    /** Asked for tasks that do not go to AWS Batch: a file on this machine would be the only way, and there is none. */
    @Override
    public String getSecretsEnv(List<String> names) {
        if (names == null || names.isEmpty()) return null;
        throw new IllegalArgumentException("nf-escrow: " + Printable.of(String.join(", ", names))
            + " can be given to tasks on AWS Batch only, in this compute environment; this process has another executor");
    }

    @Override
    @Deprecated
    public String getSecretsEnv() {
        return null;
    }

    @Override
    public void putSecret(String name, String value) {
        throw new UnsupportedOperationException("Within a run of nf-escrow secrets are only read. See: nf-escrow secrets set");
    }

    @Override
    public void removeSecret(String name) {
        throw new UnsupportedOperationException("Within a run of nf-escrow secrets are only read. See: nf-escrow secrets remove");
    }

    @Override
    public synchronized void close() {
        fetched.clear();
    }

    /** Whatever prints it prints `[secret]`. */
    private record FetchedSecret(String name, String value) implements Secret {
        @Override
        public String getName() {
            return name;
        }

        @Override
        public String getValue() {
            return value;
        }

        @Override
        public String toString() {
            return name + "=[secret]";
        }
    }
}
