const COLUMNS = 100;
const CHARACTER_WIDTH = 8.43;
const LINE_HEIGHT = 20;
const PADDING = 20;
/** Seconds between two lines, and before the output of a command. */
const LINE_DELAY = 0.06;
const COMMAND_DELAY = 1;

/** The colors follow the color scheme of the reader. Without animations, everything is visible at once. */
const STYLE = `svg { color-scheme: light dark }
.window { fill: #f6f8fa; stroke: #d0d7de }
text { fill: #1f2328; font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre }
.command { fill: #0550ae; font-weight: 600 }
@media (prefers-color-scheme: dark) {
  .window { fill: #0d1117; stroke: #30363d }
  text { fill: #e6edf3 }
  .command { fill: #79c0ff }
}
@media (prefers-reduced-motion: no-preference) {
  text { opacity: 0; animation: appear 0.01s linear forwards }
}
@keyframes appear { to { opacity: 1 } }`;

/** Returns an SVG of a terminal whose lines appear one after the other. */
export function drawTerminal(lines) {
  const rows = lines.flatMap(({ text, isCommand }) => wrap(text).map((part) => ({ text: part, isCommand })));
  let delay = 0;
  const texts = rows.map(({ text, isCommand }, index) => {
    const attributes = `x="${PADDING}" y="${PADDING + LINE_HEIGHT * index + 14}"${isCommand ? ' class="command"' : ''}`;
    const element = `<text ${attributes} style="animation-delay: ${delay.toFixed(2)}s" xml:space="preserve">${escape(text)}</text>`;
    delay += isCommand ? COMMAND_DELAY : LINE_DELAY;
    return element;
  });
  const width = Math.ceil(COLUMNS * CHARACTER_WIDTH + 2 * PADDING);
  const height = rows.length * LINE_HEIGHT + 2 * PADDING;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="The first run of the README in a terminal">`,
    `<style>${STYLE}</style>`,
    `<rect class="window" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...texts,
    '</svg>',
    '',
  ].join('\n');
}

/** Splits a line like a terminal with COLUMNS columns. */
function wrap(text) {
  return text === '' ? [''] : (text.match(new RegExp(`.{1,${COLUMNS}}`, 'gu')) ?? []);
}

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
