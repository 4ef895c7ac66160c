import { installSwiftShader } from '../../device/swiftshader.ts';
import { withDriver } from '../../device/vulkan.ts';

/**
 * Shows the emulated GPU to ONNX Runtime's own Dawn for as long as the returned value lives: it looks for adapters
 * some time after `InferenceSession.create` has returned its promise, but only when the process opens its first session.
 */
export async function softwareDriver(): Promise<Disposable> {
  const driver = await installSwiftShader();
  withDriver(driver, () => {});
  const names = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'] as const;
  const before = names.map((name) => process.env[name]);
  for (const name of names) process.env[name] = driver.manifest;
  return {
    [Symbol.dispose]: () => {
      for (const [index, name] of names.entries()) {
        const value = before[index];
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    },
  };
}
