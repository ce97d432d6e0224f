// Inline in index.html, before the first paint: applies the theme that the reader chose, so that the page does not flash.
let chosen;
try {
  chosen = localStorage.getItem('nf-escrow.theme');
} catch {
  // Without storage, the page follows the system.
}
const isDark =
  chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
