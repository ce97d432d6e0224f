package nfescrow;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The user whose process this is, as file attributes name users. */
final class OwnUser {
    private OwnUser() {}

    /** Asked of the kernel: `user.name` is a property that anyone can set. */
    static String name(Path like) throws UnusableRunException {
        try {
            return Files.getOwner(Path.of("/proc/self")).getName();
        } catch (IOException error) {
            throw new UnusableRunException("it cannot be told who we are, and so whose " + like.getFileName() + " is");
        }
    }
}
