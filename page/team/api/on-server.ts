/** Returns how commands name an object of this server, if the person has signed in without another name for it. */
export function onServer(title: string): string {
  return `${location.hostname}:${title}`;
}
