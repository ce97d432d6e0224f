import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';
import { encodePalettePng } from './palette-png.ts';

/** Difference of colours, from 0 to 1, from which a pixel counts as different. The references have fewer colours. */
const THRESHOLD = 0.1;
/** Colours of a reference. Fewer make it smaller, and the error stays below the threshold. */
const COLOURS = 64;
/** Pixels that may differ with the browser of the references. */
const PIXELS_MAX = 20;
/** Share of the pixels that may differ with another browser, whose letters have slightly other edges. */
const SHARE_MAX = 0.03;

/** Images of all screens, with which a test compares the page, and the browser that made them. */
export class References {
  readonly #directory: string;
  readonly #browser: string;
  readonly #madeBy: string | undefined;
  #differences: string | undefined;

  /** `browser`: the browser of this test, as `versionOf` returns it. */
  constructor(directory: string, browser: string) {
    this.#directory = directory;
    this.#browser = browser;
    this.#madeBy = this.#read('browser.txt')?.toString('utf8').trim();
  }

  /** The browser that made the references, if it is not that of this test. */
  get otherBrowser(): string | undefined {
    return this.#madeBy === this.#browser ? undefined : this.#madeBy;
  }

  /** Names of the references. */
  get names(): string[] {
    return readdirSync(this.#directory)
      .filter((file) => file.endsWith('.png'))
      .map((file) => file.slice(0, -'.png'.length))
      .sort();
  }

  /** Removes all references, and records the browser that makes the new ones. */
  clear(): void {
    rmSync(this.#directory, { recursive: true, force: true });
    mkdirSync(this.#directory, { recursive: true });
    writeFileSync(join(this.#directory, 'browser.txt'), `${this.#browser}\n`);
  }

  /** Makes a screenshot the reference. */
  renew(name: string, png: Buffer): void {
    writeFileSync(join(this.#directory, `${name}.png`), encodePalettePng(png, COLOURS));
  }

  /** Whether a screenshot looks like its reference. */
  matches(name: string, png: Buffer): boolean {
    const reference = this.#read(`${name}.png`);
    return reference !== undefined && this.#differenceOf(reference, png).different === undefined;
  }

  /** Compares a screenshot with its reference. Returns what differs and where it can be seen, or undefined. */
  compare(name: string, png: Buffer): string | undefined {
    const reference = this.#read(`${name}.png`);
    if (reference === undefined) return `${name} has no reference. ${RENEW}`;
    const { different, image } = this.#differenceOf(reference, png);
    if (different === undefined) return undefined;
    const path = this.#keep(name, { expected: reference, found: png, difference: PNG.sync.write(image) });
    return `${name}: ${String(different)} pixels differ: ${path}. If the change is intended: ${RENEW}`;
  }

  /** Returns the number of different pixels, undefined if it is allowed, and an image that shows them. */
  #differenceOf(
    reference: Buffer,
    png: Buffer,
  ): { readonly different: number | undefined; readonly image: PNG } {
    const [expected, found] = [PNG.sync.read(reference), PNG.sync.read(png)];
    const width = Math.max(expected.width, found.width);
    const height = Math.max(expected.height, found.height);
    const image = new PNG({ width, height });
    const different = pixelmatch(
      ofSize(expected, width, height),
      ofSize(found, width, height),
      image.data,
      width,
      height,
      { threshold: THRESHOLD },
    );
    const allowed = this.otherBrowser === undefined ? PIXELS_MAX : SHARE_MAX * width * height;
    return { different: different <= allowed ? undefined : different, image };
  }

  /** Writes the images of a difference to a temporary directory, and returns the path of the difference. */
  #keep(name: string, images: Readonly<Record<string, Buffer>>): string {
    this.#differences ??= mkdtempSync(join(tmpdir(), 'nf-escrow-appearance-'));
    for (const [kind, content] of Object.entries(images))
      writeFileSync(join(this.#differences, `${name}-${kind}.png`), content);
    return join(this.#differences, `${name}-difference.png`);
  }

  #read(file: string): Buffer | undefined {
    try {
      return readFileSync(join(this.#directory, file));
    } catch {
      return undefined;
    }
  }
}

const RENEW = 'run `npm run screenshots -- --references`, and look at the changed images.';

/** Returns the version of a browser, with the system that it was built for, because that provides its font library. */
export function versionOf(browser: string): string {
  const stdio = ['ignore', 'pipe', 'ignore'] as const; // Debian's script prints its own errors
  return execFileSync(browser, ['--version'], { encoding: 'utf8', stdio: [...stdio] }).trim();
}

/** Returns the pixels of an image on a canvas of this size, whose colour differs from each colour of the page. */
function ofSize(image: PNG, width: number, height: number): Buffer {
  if (image.width === width && image.height === height) return image.data;
  const canvas = new PNG({ width, height });
  canvas.data.fill(Buffer.from([255, 0, 255, 255]));
  PNG.bitblt(image, canvas, 0, 0, image.width, image.height, 0, 0);
  return canvas.data;
}
