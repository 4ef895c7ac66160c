/** Builds dist/: JavaScript and types by tsc, beside copies of what the code reads at run time, such as shaders. */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '..');
const dist = join(repository, 'dist');
const published = ['kernels', 'models', 'core', 'shard', 'server', 'sdk', 'local', 'cli'];

rmSync(dist, { recursive: true, force: true });
const tsc = join(repository, 'node_modules/typescript/bin/tsc');
const compiled = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: repository, stdio: 'inherit' });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

const assets = globSync(
  published.map((folder) => `${folder}/**/*.*`),
  { cwd: repository, exclude: ['**/*.ts'] },
);
for (const asset of assets) cpSync(join(repository, asset), join(dist, asset));
console.log(`dist/: built, ${assets.length} files copied`);
