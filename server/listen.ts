import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { ServerError } from './errors.ts';

/** Binds the address and gives the URL under which this machine reaches it. Throws `PORT_IN_USE` or `ADDRESS_UNUSABLE`. */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<{ url: string; port: number }> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw translate(error as NodeJS.ErrnoException, host, port);
  }
  const bound = app.server.address() as AddressInfo;
  const any = bound.address === '0.0.0.0' || bound.address === '::';
  const name = any ? '127.0.0.1' : bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return { url: `http://${name}:${bound.port}`, port: bound.port };
}

function translate(error: NodeJS.ErrnoException, host: string, port: number): ServerError {
  const cause = { cause: error };
  switch (error.code) {
    case 'EADDRINUSE':
      return new ServerError(
        'PORT_IN_USE',
        `Port ${port} of ${host} is taken by another process; choose another port, or 0 for any that is free`,
        cause,
      );
    case 'EACCES':
      return new ServerError(
        'ADDRESS_UNUSABLE',
        `Port ${port} needs rights that this process lacks; choose one from 1024 and up`,
        cause,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ServerError(
        'ADDRESS_UNUSABLE',
        `${host} is no address of this machine; bind 127.0.0.1, or 0.0.0.0 with a token`,
        cause,
      );
    default:
      return new ServerError('ADDRESS_UNUSABLE', `Could not listen on ${host}, port ${port}: ${error.message}`, cause);
  }
}
