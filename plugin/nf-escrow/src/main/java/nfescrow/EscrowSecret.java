package nfescrow;

import nextflow.secret.Secret;

/** A secret for Nextflow's `secrets.NAME`. Printing it shows `[secret]`. */
record EscrowSecret(String name, String value) implements Secret {
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
