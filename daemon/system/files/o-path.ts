/** O_PATH of open(2): a descriptor that neither reads nor writes. The same on every platform that Node supports; Node has no name for it. */
export const O_PATH = 0o10000000;
