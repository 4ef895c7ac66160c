import { swiftShaderDriver } from '../../device/swiftshader.ts';
import { showDriver } from '../../device/vulkan.ts';

/**
 * Shows the emulated GPU to ONNX Runtime's own Dawn for as long as the returned value lives: it looks for adapters
 * some time after `InferenceSession.create` has returned its promise, but only when the process opens its first session.
 */
export async function softwareDriver(): Promise<Disposable> {
  return showDriver(await swiftShaderDriver());
}
