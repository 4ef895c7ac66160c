import test from 'ava';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { driversFolder } from './lavapipe.ts';

/** What uses subgroup matrices, which of the emulated GPUs this one alone has. */
const FILES = ['gemm.test.ts', 'topk-matrix.test.ts'];
const folder = path.join(driversFolder, 'lavapipe-26');
const missing = !existsSync(folder) && `there is no ${folder}: run \`npm run drivers\``;

// It needs a newer C library than the machine may have, so AVA's processes are started by the loader that comes with it.
(missing ? test.skip : test)(
  `kernels with subgroup matrices pass on lavapipe 26${missing ? `, but not on this machine: ${missing}` : ''}`,
  async (t) => {
    t.timeout(400_000);
    const work = await mkdtemp(path.join(tmpdir(), 'warpmap-lavapipe-'));
    t.teardown(() => rm(work, { recursive: true }));
    const node = path.join(work, 'node');
    const loader = path.join(folder, 'ld-linux-x86-64.so.2');
    const program = process.execPath;
    await writeFile(node, `#!/bin/sh\nexec '${loader}' --library-path '${folder}' '${program}' "$@"\n`);
    await chmod(node, 0o755);
    const redirect = `data:text/javascript,process.execPath=${encodeURIComponent(JSON.stringify(node))}`;
    const ava = spawn(
      program,
      [
        fileURLToPath(new URL('cli.js', import.meta.resolve('ava'))),
        '--tap',
        '--timeout=3m',
        ...FILES.map((file) => `${import.meta.dirname}/${file}`),
      ],
      {
        cwd: path.join(import.meta.dirname, '../..'),
        env: { ...process.env, NODE_OPTIONS: `--import=${redirect}`, WARPMAP_TEST_GPUS: 'lavapipe-26' },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    t.teardown(() => ava.kill('SIGKILL'));
    let output = '';
    for (const stream of [ava.stdout, ava.stderr]) stream.on('data', (chunk) => (output += chunk));
    const [code] = await once(ava, 'close');
    t.is(code, 0, output);
    t.regex(output, /^# pass [1-9]/m);
    t.notRegex(output, /^# skip/m);
    t.log(/^# pass .*$/m.exec(output)?.[0]);
  },
);
