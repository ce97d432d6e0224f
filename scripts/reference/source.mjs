// What the generators of the reference share.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../steps.mjs';

/** Loads a compiled module of the program. */
export const load = async (file) => import(pathToFileURL(join(root, 'dist/daemon', file)).href);

/** Returns the lines of a table. Cells are Markdown. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** Returns text in which Markdown has no effect. */
export function plain(text) {
  return text.replace(/[<>]/g, (character) => (character === '<' ? '&lt;' : '&gt;'));
}

/** Returns inline code. */
export const code = (text) => `\`${text}\``;
