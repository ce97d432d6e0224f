package nfescrow;

import java.util.Map;

/** A program that claims a run like the plugin, and prints whether it serves secrets. */
public final class ClaimingProgram {
    private ClaimingProgram() {}

    public static void main(String[] arguments) {
        ClaimedRun.claim(Map.of(ClaimedRun.VARIABLE, arguments[0]));
        System.out.println(new EscrowSecretsProvider().activable());
    }
}
