package nfescrow;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import nextflow.exception.AbortOperationException;
import nextflow.exception.ProcessUnrecoverableException;
import nextflow.plugin.Priority;
import nextflow.secret.Secret;
import nextflow.secret.SecretsProvider;

/**
 * Provides the run's secrets in place of Nextflow's own store: as text for scripts and configuration, and for each
 * task as shell code that reads the files of the secrets it declares.
 */
@Priority(-100) // the lowest number has precedence; Nextflow's own provider has 0
public class EscrowSecretsProvider implements SecretsProvider {
    @Override
    public boolean activable() {
        return ClaimedRun.current().providesSecrets();
    }

    @Override
    public SecretsProvider load() {
        return this;
    }

    /** Returns null if the run has no such secret, like Nextflow's own store. */
    @Override
    public Secret getSecret(String name) {
        try {
            RunDirectory directory = ClaimedRun.current().directory();
            if (!directory.names().contains(name)) return null;
            return new EscrowSecret(name, text(directory.read(name)));
        } catch (UnusableRunException | CharacterCodingException error) {
            String why = error instanceof UnusableRunException ? error.getMessage() : "the value is not UTF-8 text and can only be used in tasks";
            throw new AbortOperationException("nf-escrow: cannot resolve secrets." + name + ": " + why);
        }
    }

    @Override
    public Set<String> listSecretsNames() {
        RunDirectory directory = ClaimedRun.current().directoryOrNull();
        return directory == null ? Set.of() : new TreeSet<>(directory.names());
    }

    @Override
    public String getSecretsEnv(List<String> names) {
        if (names == null || names.isEmpty()) return null;
        try {
            return TaskSecrets.shellCode(ClaimedRun.current().directory(), names);
        } catch (UnusableRunException error) {
            throw sneaky(new ProcessUnrecoverableException(error.getMessage()));
        }
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
    public void close() {}

    private static String text(byte[] bytes) throws CharacterCodingException {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    }

    /** Throws a checked exception of Nextflow, although Nextflow's interface declares none. */
    @SuppressWarnings("unchecked")
    private static <T extends Throwable> RuntimeException sneaky(Throwable error) throws T {
        throw (T) error;
    }
}
