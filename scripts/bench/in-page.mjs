// Scripts that measure the page from inside. Each is a text, because it runs in the browser.

/** Sets window.firstViewMs in the frame after the first row of a table exists. Runs before the page's own scripts. */
export const DURATION_OF_FIRST_VIEW = `{
  const observer = new MutationObserver(() => {
    if (document.querySelector('main tbody tr') === null) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => (window.firstViewMs = performance.now())));
  });
  observer.observe(document, { childList: true, subtree: true });
}`;

/** Starts to collect tasks of at least 50 ms. https://w3c.github.io/longtasks/ */
export const watchTasks = `{
  window.tasks = [];
  window.taskObserver?.disconnect();
  window.taskObserver = new PerformanceObserver((list) => window.tasks.push(...list.getEntries()));
  window.taskObserver.observe({ type: 'longtask' });
}`;

/** Returns the duration of the longest collected task; 0 if there was none. */
export const longestTask = `(async () => {
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 100)));
  window.tasks.push(...window.taskObserver.takeRecords());
  return Math.max(0, ...window.tasks.map(({ duration }) => duration));
})()`;

/** Pixels and milliseconds of steady scrolling: about what a flick of a touchpad does. */
const STEP = 400;
const STEADY_MS = 5000;
/** Longest wait for the rows at a position. */
const ROWS_MS = 10_000;

/**
 * Scrolls the nearest scrollable ancestor of the table: steadily from the start, then by jumps to the end, the middle and the
 * start. At each stop, waits until rows are visible. Returns the number of rows that the table claims.
 */
export const scrollThrough = `(async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const table = () => document.querySelector('main table');
  const canScroll = (element) =>
    /auto|scroll/.test(getComputedStyle(element).overflowY) && element.scrollHeight > element.clientHeight;
  let box = table();
  while (box !== null && !canScroll(box)) box = box.parentElement;
  box ??= document.scrollingElement;
  const middle = () => document.elementFromPoint(innerWidth / 2, innerHeight / 2);
  const showsRows = async () => {
    for (const deadline = performance.now() + ${ROWS_MS}; performance.now() < deadline; await frame()) {
      const row = middle()?.closest('tbody tr');
      if (row?.querySelector('td.main')?.textContent.trim()) return;
    }
    throw new Error('No row is visible at ' + box.scrollTop + ' of ' + box.scrollHeight + '.');
  };
  for (const end = performance.now() + ${STEADY_MS}; performance.now() < end; await frame())
    box.scrollBy(0, ${STEP});
  for (const share of [1, 0.5, 0]) {
    box.scrollTo(0, share * box.scrollHeight);
    await frame();
    await showsRows();
  }
  const claimed = Number(table().getAttribute('aria-rowcount'));
  return Math.max(claimed, table().querySelectorAll('tbody tr').length);
})()`;
