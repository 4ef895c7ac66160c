/** The same functions behind a plain fastify server that speaks JSON. Run as a process. */
import { fastify } from 'fastify';
import { rows, WIDTH } from './work.ts';

interface Body {
  readonly inputs: readonly number[];
}

const app = fastify({ logger: false, bodyLimit: 64 * 2 ** 20 });

app.post<{ Body: Body }>('/echo', async ({ body: { inputs } }) => ({ outputs: inputs }));

app.post<{ Body: Body }>('/vector', async ({ body: { inputs } }) => {
  const data = rows(inputs);
  return { outputs: inputs.map((_, row) => Array.from(data.subarray(row * WIDTH, (row + 1) * WIDTH))) };
});

console.log(await app.listen({ host: '127.0.0.1', port: 0 }));
