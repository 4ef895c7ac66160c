import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { LocalModel } from '../../../models/contract.ts';
import { HubServer, sendHalf, sendRange, sha256 } from './hub-server.ts';
import { miniModel, temporaryFolder, weights } from './model-files.ts';

const script = fileURLToPath(new URL('fetch.process.ts', import.meta.url));

function start(t: ExecutionContext, server: HubServer, cache: string): ChildProcess {
  const child = fork(script, ['acme/mini'], {
    env: { PATH: process.env['PATH'], HF_ENDPOINT: server.endpoint, HF_HUB_CACHE: cache },
  });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

async function modelOf(child: ChildProcess): Promise<LocalModel> {
  const { promise, resolve, reject } = Promise.withResolvers<LocalModel>();
  child.on('message', (message) => {
    if (typeof message === 'object') {
      resolve(message as LocalModel);
    }
  });
  child.on('exit', (code) => reject(new ProcessFailure(`the process ended with ${code} before it had the model`)));
  return promise;
}

class ProcessFailure extends Error {
  override readonly name = 'ProcessFailure';
}

function checkCache(t: ExecutionContext, cache: string): void {
  const blobs = join(cache, 'models--acme--mini/blobs');
  t.deepEqual(readFileSync(join(blobs, sha256(weights))), weights);
  t.deepEqual(
    readdirSync(blobs).filter((name) => name.endsWith('.part')),
    [],
  );
}

test('two processes that fetch the same model at once both get it whole', async (t) => {
  await using server = await HubServer.start('acme/mini', miniModel);
  const cache = await temporaryFolder(t);
  // Nobody gets more than half before both have begun.
  const waiting: (() => void)[] = [];
  server.interceptStorage = (request, response, content = Buffer.alloc(0)) => {
    if (request.headers.range !== undefined) {
      return false;
    }
    const { at } = sendHalf(request, response, content);
    waiting.push(() => response.end(content.subarray(at)));
    if (waiting.length === 2) {
      for (const finish of waiting) {
        finish();
      }
    }
    return true;
  };
  const [one, other] = await Promise.all([modelOf(start(t, server, cache)), modelOf(start(t, server, cache))]);
  t.deepEqual(one, other);
  t.is(server.stored.length, 2);
  checkCache(t, cache);
});

test('what a killed process had received is taken over by the next', async (t) => {
  await using server = await HubServer.start('acme/mini', miniModel);
  const cache = await temporaryFolder(t);
  let half = 0;
  server.interceptStorage = (request, response, content = Buffer.alloc(0)) => {
    if (half > 0) {
      sendRange(request, response, content);
    } else {
      half = sendHalf(request, response, content).at;
    }
    return true;
  };
  const killed = start(t, server, cache);
  killed.on('message', (received) => {
    if (received === half) {
      killed.kill('SIGKILL');
    }
  });
  await once(killed, 'exit');
  await modelOf(start(t, server, cache));
  t.is(server.stored.at(-1)?.range, `bytes=${half}-`);
  checkCache(t, cache);
});
