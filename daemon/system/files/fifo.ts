import { chmodSync, closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { systemCode } from '../../errors.ts';

/**
 * `held`: a process has the FIFO open for writing. `free`: no process has. `absent`: there is no FIFO at this path, or it
 * cannot be opened.
 */
export type FifoState = 'held' | 'free' | 'absent';

/** Read buffer. No process should write into these FIFOs, and one that does must not keep us reading. */
const PART = Buffer.alloc(64 * 1024);
/** Enough for the largest pipe of a user, 1 MiB. If more is readable, a process is writing right now. */
const PARTS_MAX = 16;

/**
 * Returns whether a process holds a FIFO. A non-blocking read fails with EAGAIN while a process has the FIFO open for writing,
 * and returns end-of-file otherwise (fifo(7)). An inherited FIFO thus shows that a process is alive, independently of its process id.
 */
export function fifoState(path: string): FifoState {
  const fd = openFifo(path);
  if (fd === undefined) return 'absent';
  try {
    for (let parts = 0; parts < PARTS_MAX; parts += 1) if (readSync(fd, PART) === 0) return 'free';
    return 'held';
  } catch (error) {
    if (systemCode(error) === 'EAGAIN') return 'held';
    throw error;
  } finally {
    closeSync(fd);
  }
}

/**
 * Calls `onFree` once no process holds the FIFO, immediately if none does. Does not poll: the kernel notifies. If a process
 * keeps writing into the FIFO, gives up without calling `onFree`. Returns a function that stops the wait.
 */
export function whenReleased(path: string, onFree: () => void): () => void {
  const fd = openFifo(path);
  if (fd === undefined) {
    const soon = setImmediate(onFree);
    return () => {
      clearImmediate(soon);
    };
  }
  const socket = new Socket({ fd, readable: true, writable: false });
  let done = false;
  let received = 0;
  const stop = (): void => {
    done = true;
    socket.destroy();
  };
  const finish = (): void => {
    if (done) return;
    stop();
    onFree();
  };
  socket.once('end', finish);
  socket.once('close', finish);
  socket.once('error', finish);
  socket.on('data', ({ length }) => {
    received += length;
    if (received >= PART.length * PARTS_MAX) stop();
  });
  return stop;
}

function openFifo(path: string): number | undefined {
  let fd;
  try {
    // Check the type first: opening a device may have side effects.
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isFIFO() !== true) return undefined;
    // The FIFO is ours. A task that removes its permissions must not hide the end of the run.
    if ((found.mode & constants.S_IRUSR) === 0) chmodSync(path, 0o600);
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EACCES', 'EPERM'].includes(code)) return undefined;
    throw error;
  }
  if (fstatSync(fd).isFIFO()) return fd;
  closeSync(fd);
  return undefined;
}
