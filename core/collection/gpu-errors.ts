import { KernelError } from '../../kernels/index.ts';
import { CoreError, type CoreErrorCode } from '../errors.ts';

const LOST = 'The vectors of its collections are lost with it: drop them, and upsert anew.';

/** What a store on a GPU throws, as an error of this floor. */
export function coreErrorOf(error: unknown): unknown {
  if (error instanceof CoreError && error.code === 'DEVICE_LOST') {
    return new CoreError('DEVICE_LOST', `${error.message} ${LOST}`, { cause: error });
  }
  if (!(error instanceof KernelError)) return error;
  const message = error.code === 'DEVICE_LOST' ? `${error.message} ${LOST}` : error.message;
  return new CoreError(codeOf(error), message, { cause: error });
}

function codeOf({ code }: KernelError): CoreErrorCode {
  switch (code) {
    case 'INPUT_INVALID':
    case 'DEVICE_LOST':
    case 'OUT_OF_MEMORY':
    case 'DISPOSED':
      return code;
    case 'BUFFER_TOO_LARGE':
      return 'OUT_OF_MEMORY';
    case 'SHADER_INVALID':
    case 'DISPATCH_INVALID':
      return 'RUNTIME_FAILED';
  }
}
