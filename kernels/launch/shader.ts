import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Program } from '../contract.ts';
import { KernelError, type ShaderPosition } from '../errors.ts';

/** WGSL as it goes to the compiler, and the way back from its lines to the files'. */
export interface ShaderSource {
  readonly label: string;
  readonly code: string;
  locate(line: number, column: number): ShaderPosition;
}

/** What WGSL wants before all else, wherever a file says it: one line each. */
const DIRECTIVE = /^(?:enable|requires) [^;]*;/gm;

/** Joins a program's files after its constants, which take the first line, and before them the files' directives. */
export async function readShader({ files, constants = {} }: Program): Promise<ShaderSource> {
  const texts = await Promise.all(files.map(read));
  const directives = new Set(texts.flatMap((text) => text.match(DIRECTIVE) ?? []));
  const declarations = Object.entries(constants).map(([name, value]) => `const ${name} = ${value};`);
  const header = [...directives, ...declarations].join(' ');
  const names = files.map((file) => basename(file.pathname));
  const starts: number[] = [];
  let line = 2;
  for (const text of texts) {
    starts.push(line);
    line += text.split('\n').length;
  }
  return {
    label: names.at(-1) ?? '',
    code: [header, ...texts.map((text) => text.replaceAll(DIRECTIVE, ''))].join('\n'),
    locate(at, column) {
      const index = starts.findLastIndex((start) => start <= at);
      return { file: names[index] ?? 'constants', line: at - (starts[index] ?? 1) + 1, column };
    },
  };
}

async function read(file: URL): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new KernelError(
      'SHADER_INVALID',
      `The shader ${file.pathname} can't be read: ${(error as Error).message}. Install the package again.`,
      { cause: error },
    );
  }
}
