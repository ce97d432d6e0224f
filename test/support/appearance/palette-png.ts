import { crc32, deflateSync } from 'node:zlib';
import { PNG } from 'pngjs';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** The largest palette of the format. */
const COLOURS_MAX = 256;

/**
 * Encodes an opaque image again with at most `colours` colours, which makes a screenshot of flat areas a third of its size. Letters
 * have more colours at their edges; the nearest ones replace them.
 */
export function encodePalettePng(png: Buffer, colours = COLOURS_MAX): Buffer {
  const { width, height, data } = PNG.sync.read(png);
  const pixels = new Uint32Array(width * height);
  const counts = new Map<number, number>();
  for (let index = 0; index < pixels.length; index += 1) {
    const colour = data.readUInt32BE(index * 4) >>> 8;
    pixels[index] = colour;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const { palette, indexOf } = choosePalette(counts, colours);
  const rows = Buffer.alloc((width + 1) * height); // each row starts with its filter: 0, none
  for (const [index, colour] of pixels.entries())
    rows[index + Math.floor(index / width) + 1] = indexOf.get(colour) ?? 0;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3], 8); // bits per pixel, and the type for images with a palette
  const entries = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', entries),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A colour of an image. */
interface Colour {
  readonly colour: number;
  readonly count: number;
  /** Square of the distance to the nearest colour of the palette, and the index of that. */
  distance: number;
  nearest: number;
}

/** Returns colours, of which each reduces the error of the image the most, and the index of the nearest one of each colour. */
function choosePalette(
  counts: ReadonlyMap<number, number>,
  max: number,
): {
  readonly palette: number[];
  readonly indexOf: ReadonlyMap<number, number>;
} {
  const colours = [...counts].map(([colour, count]): Colour => ({
    colour,
    count,
    distance: Infinity,
    nearest: 0,
  }));
  const errorOf = ({ count, distance }: Colour): number => count * distance;
  const palette: number[] = [];
  while (palette.length < max) {
    const worst = colours.reduce((one, other) => (errorOf(other) > errorOf(one) ? other : one));
    if (worst.distance === 0) break;
    for (const one of colours) {
      const distance = squaredDistance(one.colour, worst.colour);
      if (distance < one.distance) Object.assign(one, { distance, nearest: palette.length });
    }
    palette.push(worst.colour);
  }
  return { palette, indexOf: new Map(colours.map(({ colour, nearest }) => [colour, nearest])) };
}

function squaredDistance(one: number, other: number): number {
  return [16, 8, 0]
    .map((bits) => ((one >> bits) & 255) - ((other >> bits) & 255))
    .reduce((sum, difference) => sum + difference * difference, 0);
}

/** Returns a chunk of the format: length, type, data, checksum. https://www.w3.org/TR/png/#5Chunk-layout */
function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}
