package nfescrow;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The user of this process, in the form of file attributes. */
final class OwnUser {
    private OwnUser() {}

    /** Returns the user from the kernel, because anyone can set the property `user.name`. */
    static String name(Path like) throws UnusableRunException {
        try {
            return Files.getOwner(Path.of("/proc/self")).getName();
        } catch (IOException error) {
            throw new UnusableRunException("cannot determine the current user to verify the owner of " + like.getFileName());
        }
    }
}
