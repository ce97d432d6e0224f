import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { systemCode } from '../../errors.ts';

/** `held`: some process has it open for writing. `free`: none has. `absent`: there is no FIFO at this path. */
export type FifoState = 'held' | 'free' | 'absent';

/**
 * Whether anyone holds a FIFO: a non-blocking read says "would block" while someone has it open for writing, and
 * end-of-file when nobody has (fifo(7)). So a FIFO that a process inherited tells of its life, whatever its pid.
 */
export function fifoState(path: string): FifoState {
  const fd = openFifo(path);
  if (fd === undefined) return 'absent';
  try {
    readSync(fd, Buffer.alloc(1));
    return 'free';
  } catch (error) {
    if (systemCode(error) === 'EAGAIN') return 'held';
    throw error;
  } finally {
    closeSync(fd);
  }
}

/**
 * Calls `onFree` once nobody holds the FIFO any more, at once where nobody does. Costs no polling: the kernel tells.
 * Returns a function that stops waiting.
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
  const finish = (): void => {
    if (done) return;
    done = true;
    socket.destroy();
    onFree();
  };
  socket.once('end', finish);
  socket.once('close', finish);
  socket.once('error', finish);
  socket.resume();
  return () => {
    done = true;
    socket.destroy();
  };
}

function openFifo(path: string): number | undefined {
  let fd;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
  if (fstatSync(fd).isFIFO()) return fd;
  closeSync(fd);
  return undefined;
}
