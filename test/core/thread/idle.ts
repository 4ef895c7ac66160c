/** Run by a test: must print once the call is answered, and end although the thread is never disposed of. */
import { startThread } from '../../../core/thread/start.ts';
import type { EchoMethods } from './echo.worker.ts';

const thread = await startThread<EchoMethods>(new URL('./echo.worker.ts', import.meta.url), {});
void thread.call('block', [100]).then(() => console.log('blocked call done'));
