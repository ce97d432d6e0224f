import { useEffect, useState } from 'preact/hooks';
import { place, setQuery } from '../../app/router.ts';

/** Fields of a form, by name. */
type Fields = Readonly<Record<string, string>>;

/**
 * Returns the fields with which an address fills in a form, such as one that `nf-escrow tokens create` prints
 * (daemon/cli/commands/team/form-address.ts), and a function that forgets them. Undefined unless the address has the first field. The fields
 * leave the address, so that a reload does not open the form again. Nothing is sent before the person submits the form.
 */
export function useGivenFields(
  names: readonly [first: string, ...others: string[]],
): [Fields | undefined, () => void] {
  const [fields, setFields] = useState<Fields>();
  const { query } = place.value;
  useEffect(() => {
    if (!query.get(names[0])) return;
    setFields(Object.fromEntries(names.map((name) => [name, query.get(name) ?? ''])));
    setQuery(Object.fromEntries(names.map((name) => [name, undefined])));
  }, [query]);
  return [
    fields,
    () => {
      setFields(undefined);
    },
  ];
}
