/** Returns the URL of a path of the API. Relative to the page, which may be below the path of a proxy. */
export function url(path: string): URL {
  return new URL(path, document.baseURI);
}
