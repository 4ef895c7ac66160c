import type { Device } from '../../device/contract.ts';
import { swiftShaderDriver } from '../../device/swiftshader.ts';
import { showDriver } from '../../device/vulkan.ts';
import { isSwiftShader } from '../../device/webgpu.ts';

/**
 * Shows ONNX Runtime's own Dawn the driver of the device, for as long as the returned value lives: it looks for adapters
 * some time after `InferenceSession.create` has returned its promise, but only when the process opens its first session.
 * While a session looks for a real GPU, no other thread may show it an emulated one.
 */
export async function driverOf({ name }: Device): Promise<Disposable> {
  return showDriver(isSwiftShader(name) ? await swiftShaderDriver() : undefined);
}
