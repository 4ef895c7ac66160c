import { resolveModel } from '../../../models/source/index.ts';

// A process of its own that fetches the model named by its argument; the environment says from where and to where.
const model = await resolveModel(process.argv[2] ?? '', {
  onProgress: ({ file, receivedBytes }) => {
    if (file === 'model.safetensors') {
      process.send?.(receivedBytes);
    }
  },
});
process.send?.(model);
process.disconnect();
