/** Whether a relative path from a file or a server stays below where it is joined. */
export function isInside(path: string): boolean {
  return !/^[/\\]|^[A-Za-z]:|\\|\0/.test(path) && !path.split('/').includes('..');
}
