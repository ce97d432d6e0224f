import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/**
 * Shows a `<dialog>` as modal while the component is mounted. The element that `findFirst` returns gets the focus; without it, the
 * browser chooses. When the dialog closes, the focus returns to the element that had it before, or to the content of the screen
 * if that element no longer exists.
 */
export function useModal(
  findFirst: (dialog: HTMLDialogElement) => HTMLElement | null = () => null,
): RefObject<HTMLDialogElement> {
  const ref = useRef<HTMLDialogElement>(null);
  // A layout effect runs before the browser handles the next key, so keys that follow immediately reach the dialog.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog === null) return;
    dialog.showModal();
    findFirst(dialog)?.focus();
    return () => {
      dialog.close(); // returns the focus, which removing the element does not
      if (document.activeElement === document.body)
        document.getElementById('main')?.focus({ preventScroll: true });
    };
  }, []);
  return ref;
}
