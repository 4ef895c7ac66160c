import { HostStore } from '../../../core/collection/host-store.ts';
import { storeConformance } from './store-conformance.ts';

storeConformance({
  name: 'host memory, in float64',
  stores: { open: async (options) => new HostStore(options, { threads: 2, direct: Infinity }), dispose: () => {} },
  skip: undefined,
});

// Segments of 112 rows, so that small collections have several.
storeConformance({
  name: 'host memory, by ONNX Runtime',
  stores: {
    open: async (options) => new HostStore(options, { threads: 2, direct: 0, rowsPerSegment: 112 }),
    dispose: () => {},
  },
  skip: undefined,
});
