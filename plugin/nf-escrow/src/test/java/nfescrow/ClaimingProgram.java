package nfescrow;

import java.util.Map;

/** A JVM that claims a run, as the plugin does when Nextflow starts it, and says whether it serves secrets. */
public final class ClaimingProgram {
    private ClaimingProgram() {}

    public static void main(String[] arguments) {
        ClaimedRun.claim(Map.of(ClaimedRun.VARIABLE, arguments[0]));
        System.out.println(new EscrowSecretsProvider().activable());
    }
}
