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
 * The run's secrets, in place of Nextflow's own store: for scripts and configuration as texts, for each task as the
 * shell code that reads the files of those it declares.
 */
@Priority(-100) // the smallest is asked first; Nextflow's own has 0
public class EscrowSecretsProvider implements SecretsProvider {
    @Override
    public boolean activable() {
        return ClaimedRun.current().isActive();
    }

    @Override
    public SecretsProvider load() {
        return this;
    }

    /** Null where the run has no such secret, as with Nextflow's own store. */
    @Override
    public Secret getSecret(String name) {
        try {
            RunDirectory directory = ClaimedRun.current().directory();
            if (!directory.names().contains(name)) return null;
            return new EscrowSecret(name, text(directory.read(name)));
        } catch (UnusableRunException | CharacterCodingException error) {
            String why = error instanceof UnusableRunException ? error.getMessage() : "it is not UTF-8 text; only tasks can have it";
            throw new AbortOperationException("nf-escrow: secrets." + name + " cannot be given: " + why);
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
        throw new UnsupportedOperationException("Within a run of nf-escrow secrets are only read. See: nf-escrow secrets set");
    }

    @Override
    public void removeSecret(String name) {
        throw new UnsupportedOperationException("Within a run of nf-escrow secrets are only read. See: nf-escrow secrets remove");
    }

    @Override
    public void close() {}

    private static String text(byte[] bytes) throws CharacterCodingException {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    }

    /** Nextflow's exceptions are checked ones for Java, and its interface declares none. */
    @SuppressWarnings("unchecked")
    private static <T extends Throwable> RuntimeException sneaky(Throwable error) throws T {
        throw (T) error;
    }
}
