import { existsSync, rmSync } from 'node:fs';
import { writeFileAtomic } from '../../system/files/atomic-write.ts';
import { inPrivateDirectory } from '../../system/files/private-directory.ts';

/**
 * An HTML file that redirects a browser to the web page. Other users can read the arguments of a browser, so the browser
 * receives the path of this file instead of an address with a code. Only the user can read the file.
 */
export class RedirectFile {
  readonly path: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Writes the file, and removes it when the code has expired. The address must not contain characters that have a meaning in
   * HTML.
   */
  write(address: string, expiresAt: Date): void {
    const text = `<!doctype html><meta charset="utf-8"><title>nf-escrow</title><meta http-equiv="refresh" content="0;url=${address}"><a href="${address}">Open nf-escrow</a>\n`;
    inPrivateDirectory(
      this.path,
      (entry) => {
        writeFileAtomic(entry, text);
      },
      { create: true },
    );
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.remove();
    }, expiresAt.getTime() - Date.now()).unref();
  }

  remove(): void {
    clearTimeout(this.#timer);
    if (!existsSync(this.path)) return;
    inPrivateDirectory(this.path, (entry) => {
      rmSync(entry, { force: true });
    });
  }
}
