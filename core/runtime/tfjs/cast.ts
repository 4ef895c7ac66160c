import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs';

type Tf = typeof import('@tensorflow/tfjs');

/** What the kernels below use of a backend. */
interface TensorStore {
  makeTensorInfo(shape: number[], dtype: string, values: Float32Array): TensorInfo;
  disposeData(dataId: object): boolean;
}

/**
 * Mends int32 → float32 in the WebGPU backend of TensorFlow.js 4.22: it hands on the integer buffer under the name of
 * float32, and kernels that copy elements as they are (Transpose, within a Sum over an inner axis) then fail to compile.
 * Multiplying by 1.0 converts for good.
 */
export function mendCast(tf: Tf): void {
  const cast = tf.getKernel('Cast', 'webgpu');
  const multiply = tf.getKernel('Multiply', 'webgpu');
  const kernelFunc: KernelConfig['kernelFunc'] = (call) => {
    const { x } = call.inputs as { x: TensorInfo };
    const { dtype } = call.attrs as { dtype?: unknown };
    if (x.dtype !== 'int32' || dtype !== 'float32') return cast.kernelFunc(call);
    const store = call.backend as TensorStore;
    const one = store.makeTensorInfo([], 'float32', Float32Array.of(1));
    const product = multiply.kernelFunc({ inputs: { a: x, b: one }, backend: call.backend });
    store.disposeData(one.dataId);
    return product;
  };
  tf.unregisterKernel('Cast', 'webgpu');
  tf.registerKernel({ ...cast, kernelFunc });
}
