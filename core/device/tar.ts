const BLOCK = 512;

/** Regular files of a POSIX ustar archive by name, each a view of the archive's bytes. */
export function readTar(archive: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let offset = 0;
  while (offset + BLOCK <= archive.length) {
    const header = archive.subarray(offset, offset + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    const size = Number.parseInt(text(header, 124, 12), 8) || 0;
    const type = header[156];
    const prefix = text(header, 257, 5) === 'ustar' ? text(header, 345, 155) : '';
    const name = [prefix, text(header, 0, 100)].filter((part) => part !== '').join('/');
    offset += BLOCK;
    if (type === 0 || type === 0x30) files.set(name.replace(/^\.\//, ''), archive.subarray(offset, offset + size));
    offset += Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

function text(header: Uint8Array, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return Buffer.from(end === -1 ? field : field.subarray(0, end))
    .toString('latin1')
    .trim();
}
