import { useEffect, useRef, useState } from 'preact/hooks';

/** Keeps a value while a dialog is open, and then overwrites it. */
export function useSecretBytes(): [Uint8Array | undefined, (value: Uint8Array | undefined) => void] {
  const [value, setValue] = useState<Uint8Array>();
  const last = useRef<Uint8Array>();
  useEffect(
    () => () => {
      last.current?.fill(0);
    },
    [],
  );
  const set = (next: Uint8Array | undefined): void => {
    if (last.current !== next) last.current?.fill(0);
    last.current = next;
    setValue(next);
  };
  return [value, set];
}
