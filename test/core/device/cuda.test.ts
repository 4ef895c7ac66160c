import test from 'ava';
import { judgeCuda, type CudaFacts } from '../../../core/device/cuda.ts';
import { parseNvidiaSmi, visibleCards } from '../../../core/device/nvidia.ts';

const working: CudaFacts = {
  platform: 'linux-x64',
  driver: '550.54.15',
  cards: [{ name: 'NVIDIA H100', memoryBytes: 80 * 2 ** 30 }, { name: 'NVIDIA H100' }],
  provider: true,
  load: { loads: true },
};

test('a driver, the provider and a session that runs make a device of each card', (t) => {
  t.like(judgeCuda(working), [
    {
      status: 'found',
      device: {
        kind: 'cuda',
        index: 0,
        name: 'NVIDIA H100',
        memoryBytes: 80 * 2 ** 30,
        driver: 'NVIDIA 550.54.15',
      },
    },
    { status: 'found', device: { kind: 'cuda', index: 1, software: false } },
  ]);
});

test('a card that nothing names is a device all the same when a session runs on it', (t) => {
  t.like(judgeCuda({ ...working, cards: [] }), [{ status: 'found', device: { name: 'NVIDIA GPU' } }]);
});

const explains = test.macro((t, change: Partial<CudaFacts>, reason: RegExp, mend: RegExp) => {
  const [finding, ...rest] = judgeCuda({ ...working, ...change });
  t.deepEqual(rest, []);
  t.like(finding, { status: 'missing', kind: 'cuda' });
  if (finding?.status !== 'missing') return;
  t.regex(finding.reason, reason);
  t.regex(finding.mend, mend);
});

test('another platform is told so', explains, { platform: 'darwin-arm64' }, /darwin-arm64/, /WebGPU/);
test('a missing driver is told so', explains, { driver: undefined }, /no NVIDIA driver/, /--gpus all/);
test(
  'a missing provider is mended by one npm command',
  explains,
  { provider: false },
  /provider/,
  /`npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12`$/,
);
test(
  'a missing driver and provider are told together',
  explains,
  { driver: undefined, provider: false },
  /driver.*provider/,
  /npm rebuild/,
);
for (const [name, error, mend] of [
  ['cuDNN', 'libcudnn.so.9: cannot open shared object file', /cuDNN 9/],
  ['cuBLAS', 'libcublasLt.so.12: cannot open shared object file', /CUDA 12 runtime/],
  ['an old driver', 'CUDA driver version is insufficient for CUDA runtime version', /update/],
  ['a crash', 'the driver crashed (SIGSEGV)', /nvidia-smi/],
] as const) {
  test(
    `a provider that fails by ${name} is mended accordingly`,
    explains,
    { load: { loads: false, error } },
    /does not load/,
    mend,
  );
}

const table = '550.54.15, 81559, GPU-aa11, NVIDIA H100 80GB HBM3\n550.54.15, [N/A], GPU-bb22, NVIDIA GH200\n';

test('nvidia-smi is read line by line', (t) => {
  t.deepEqual(parseNvidiaSmi(table), {
    driver: '550.54.15',
    cards: [
      { name: 'NVIDIA H100 80GB HBM3', uuid: 'GPU-aa11', memoryBytes: 81559 * 2 ** 20 },
      { name: 'NVIDIA GH200', uuid: 'GPU-bb22' },
    ],
  });
  t.deepEqual(parseNvidiaSmi('No devices were found\n'), { driver: undefined, cards: [] });
});

test('CUDA_VISIBLE_DEVICES reorders, hides and ends at what is not there', (t) => {
  const { cards } = parseNvidiaSmi(table);
  const names = (visible?: string): string[] => visibleCards(cards, visible).map(({ uuid }) => uuid ?? '');
  t.deepEqual(names(), ['GPU-aa11', 'GPU-bb22']);
  t.deepEqual(names('1,0'), ['GPU-bb22', 'GPU-aa11']);
  t.deepEqual(names('GPU-bb'), ['GPU-bb22']);
  t.deepEqual(names('0,9,1'), ['GPU-aa11']);
  t.deepEqual(names(''), []);
  t.deepEqual(names('-1'), []);
});
