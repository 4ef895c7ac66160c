/** The corpus that bench:kernels searches on a GPU is the same wherever it is made. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { makeCorpus, rowOf } from '../../bench/kernels/gpu/corpus.ts';
import { openGpu, resolveDevice } from '../../core/device/index.ts';
import { swiftShaderMissing } from '../../core/device/swiftshader.ts';
import { openLauncher, unpackPanels } from '../../kernels/index.ts';

const corpus = { seed: 20261124, count: 150, dims: 24 };
const rows = Array.from({ length: corpus.count }, (_, row) => rowOf(corpus, row));

test('its values are halves between -1 and 1 that differ from row to row and by the seed', (t) => {
  t.true(rows.every((row) => row.every((value) => value >= -1 && value < 1 && Math.f16round(value) === value)));
  t.is(new Set(rows.map((row) => row.join())).size, corpus.count);
  t.notDeepEqual(rowOf({ ...corpus, seed: 1 }, 0), rows[0]);
});

const missing = swiftShaderMissing();
const onDevice = missing === undefined ? test : test.skip;
onDevice(`a device makes what the host does${missing ? `, but not here: ${missing.reason}` : ''}`, async (t) => {
  await using gpu = await openGpu(await resolveDevice('software'));
  await using launcher = openLauncher(gpu.gpuDevice);
  const [panels, ...more] = await makeCorpus(launcher, corpus);
  t.is(more.length, 0);
  const { buffer } = panels!;
  const [bytes] = await launcher.submit([], [{ buffer, offset: 0, size: buffer.size }]);
  buffer.destroy();
  const { count, dims } = corpus;
  const made = unpackPanels({ type: 'f16', rows: count, dims, words: new Uint32Array(bytes!) });
  t.deepEqual(
    rows.map((row) => [...row]),
    rows.map((_, row) => [...made.subarray(row * dims, (row + 1) * dims)]),
  );
});

const peers = fileURLToPath(new URL('../../bench/peers/python', import.meta.url));
const program = `
import numpy, sys, json
sys.path.insert(0, sys.argv[1])
import gpu_search_peer
print(json.dumps(gpu_search_peer.rows(numpy, ${corpus.seed}, 10, 5, ${corpus.dims}).tolist()))
`;
const python = spawnSync('python3', ['-c', program, peers], { encoding: 'utf8' });
const inPython = python.status === 0 ? test : test.skip;
inPython(`Python makes what the host does${python.status === 0 ? '' : ', but python3 has no numpy here'}`, (t) => {
  t.deepEqual(
    JSON.parse(python.stdout),
    rows.slice(10, 15).map((row) => [...row]),
  );
});
