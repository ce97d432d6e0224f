import { chmodSync, closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { systemCode } from '../../errors.ts';

/**
 * `held`: some process has it open for writing. `free`: none has. `absent`: there is no FIFO at this path that we could
 * open.
 */
export type FifoState = 'held' | 'free' | 'absent';

/** Nobody writes into the FIFOs that we look at; a process that does so all the same must not keep us reading. */
const PART = Buffer.alloc(64 * 1024);
/** As much as a pipe can hold for a user, 1 MiB: what is still not read then is written at this moment. */
const PARTS_MAX = 16;

/**
 * Whether anyone holds a FIFO: a non-blocking read says "would block" while someone has it open for writing, and
 * end-of-file when nobody has (fifo(7)). So a FIFO that a process inherited tells of its life, whatever its pid.
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
 * Calls `onFree` once nobody holds the FIFO any more, at once where nobody does. Costs no polling: the kernel tells. Where
 * somebody keeps writing into it, nothing is awaited any more, and `onFree` is never called. Returns a function that stops
 * waiting.
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
    // To open a device may do something.
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isFIFO() !== true) return undefined;
    // It is ours: a task that takes its mode away must not keep us from seeing the end.
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
