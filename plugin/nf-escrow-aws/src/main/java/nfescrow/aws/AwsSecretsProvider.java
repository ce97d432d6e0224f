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
 * Provides the run's secrets for `secrets.NAME` in configuration and scripts. Reads each AWS secret from Secrets
 * Manager once, on first use, with the head's AWS identity, and keeps it only in memory. If a team server holds the
 * secrets, the head has no access to them, and the use of a value fails. Tasks on AWS Batch receive secrets from ECS.
 */
@Priority(-200) // takes precedence over the provider of nf-escrow, which has no values on this platform
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

    /** Returns null if the run has no such secret, like Nextflow's own store. */
    @Override
    public synchronized Secret getSecret(String name) {
        AwsRun run = AwsRun.current();
        String reference = run == null ? null : run.reference(name);
        if (reference == null) return null;
        String server = run.access("server");
        if (server != null) throw new AbortOperationException(whyHeld(name, server));
        try {
            return new FetchedSecret(name, read(run, reference));
        } catch (AwsUnavailableException error) {
            throw new AbortOperationException("nf-escrow: cannot resolve secrets." + name + ": " + error.getMessage());
        }
    }

    /**
     * Explains why the head has no value, and what to do: a team server has created the AWS secret, and sends values
     * to tasks only.
     */
    static String whyHeld(String name, String server) {
        return "nf-escrow: cannot resolve secrets." + Printable.of(name) + ": the team server " + Printable.of(server)
            + " delivers this secret to tasks only. Declare it in each process that needs it, with the directive: secret '"
            + Printable.of(name) + "'. The task finds the value in its environment variable " + Printable.of(name);
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

    /** Called only for tasks of other executors than AWS Batch, which cannot receive secrets. */
    @Override
    public String getSecretsEnv(List<String> names) {
        if (names == null || names.isEmpty()) return null;
        throw new IllegalArgumentException("nf-escrow: cannot deliver " + Printable.of(String.join(", ", names))
            + ": in this compute environment, only processes with executor awsbatch receive secrets");
    }

    @Override
    @Deprecated
    public String getSecretsEnv() {
        return null;
    }

    @Override
    public void putSecret(String name, String value) {
        throw new UnsupportedOperationException("Secrets are read-only in a run of nf-escrow. Use: nf-escrow secrets set");
    }

    @Override
    public void removeSecret(String name) {
        throw new UnsupportedOperationException("Secrets are read-only in a run of nf-escrow. Use: nf-escrow secrets remove");
    }

    @Override
    public synchronized void close() {
        fetched.clear();
    }

    /** A secret that prints as `[secret]`. */
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
