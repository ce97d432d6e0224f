import { useState } from 'preact/hooks';

interface ChosenFile {
  /** Name of the file whose bytes were taken. */
  readonly name: string | undefined;
  /** Why the file was not read. */
  readonly error: string | undefined;
  readonly take: (file: File | undefined) => Promise<void>;
  readonly discard: () => void;
}

/** Reads a file of at most `max` bytes that a person chooses or drops. `tooLarge` describes a larger one. */
export function useChosenFile(
  max: number,
  tooLarge: (size: number) => string,
  onBytes: (bytes: Uint8Array | undefined) => void,
): ChosenFile {
  const [name, setName] = useState<string>();
  const [error, setError] = useState<string>();
  const take = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    setError(file.size > max ? tooLarge(file.size) : undefined);
    if (file.size > max) return;
    setName(file.name);
    onBytes(new Uint8Array(await file.arrayBuffer()));
  };
  const discard = (): void => {
    setName(undefined);
    onBytes(undefined);
  };
  return { name, error, take, discard };
}
