/** A frame of server-sent events. A frame without data only sets the id. */
interface Frame {
  readonly id: string | undefined;
  readonly data: string | undefined;
}

/** Longest line that is kept: a stream without line breaks must not fill the memory. */
const LINE_MAX = 1_000_000;

/**
 * Reads the frames of a stream, those of a chunk together. A chunk with only a comment has no frames. Throws if a line is too
 * long. https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export async function* readFrames(stream: ReadableStream<Uint8Array>): AsyncGenerator<readonly Frame[]> {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let rest = '';
  let id: string | undefined;
  let data: string | undefined;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LINE_MAX) throw new Error('A line of the event stream is too long.');
    const frames: Frame[] = [];
    for (const line of lines) {
      if (line === '') {
        if (id !== undefined || data !== undefined) frames.push({ id, data });
        [id, data] = [undefined, undefined];
      } else if (line.startsWith('id: ')) id = line.slice(4);
      else if (line.startsWith('data: ')) data = line.slice(6);
    }
    yield frames;
  }
}
