package nfescrow;

import nextflow.secret.Secret;

/** A secret as Nextflow's `secrets.NAME` takes it. Whatever prints it prints `[secret]`. */
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
