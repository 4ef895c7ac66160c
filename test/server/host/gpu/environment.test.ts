import test from 'ava';
import { gpusOf } from '../../../../core/device/gpus.ts';
import { environmentOf } from '../../../../server/host/gpu/environment.ts';

test('of NVIDIA’s cards a worker sees its own alone, by what names it whatever its number is', (t) => {
  const [, second] = gpusOf([{ name: 'A' }, { name: 'B', memoryBytes: 8, uuid: 'GPU-b' }]);
  t.deepEqual(second, { kind: 'nvidia', index: 1, name: 'B', memoryBytes: 8, uuid: 'GPU-b' });
  t.like(environmentOf(second), { CUDA_VISIBLE_DEVICES: 'GPU-b', WARPMAP_DEVICE: 'auto' });
  t.like(environmentOf({ kind: 'nvidia', index: 3, name: 'A' }), { CUDA_VISIBLE_DEVICES: '3' });
});

test('of other GPUs a worker is told which is its own, and without one it sees none', (t) => {
  const environment = environmentOf({ kind: 'webgpu', index: 1, name: 'M3' });
  t.is(environment['WARPMAP_DEVICE'], 'webgpu:1');
  t.false('CUDA_VISIBLE_DEVICES' in environment);
  t.like(environmentOf(undefined), { WARPMAP_DEVICE: 'cpu', CUDA_VISIBLE_DEVICES: '' });
});
