/** Run by a test: exits with a run in progress and another waiting, as a server does that is told twice to stop. */
import { resolveDevice } from '../../../core/device/index.ts';
import { onnx } from '../../../core/runtime/onnx/onnx.ts';
import { batchOf, texts } from './batches.ts';
import { minilm } from './minilm.ts';

const session = await onnx.open({ model: minilm, device: await resolveDevice('cpu') });
await session.run(batchOf(texts));
const runs = [1, 2].map(() => session.run(batchOf(texts, 256)));
// The thread is well into the first run by then, which takes ten times as long.
// oxlint-disable-next-line unicorn/no-process-exit -- what is tested
setTimeout(() => process.exit(7), 40);
await Promise.all(runs);
