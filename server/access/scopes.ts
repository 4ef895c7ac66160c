/**
 * What a token allows. `read`: to see what there is, calls with their outputs, and logs. `call`: to run functions, and to
 * change calls, collections and volumes. `deploy`: to change which code runs. `node`: to read and write the raw store and
 * objects, as nodes do among themselves; whoever may write them may do all else.
 */
export type Scope = 'read' | 'call' | 'deploy' | 'node';

export const SCOPES: readonly Scope[] = ['read', 'call', 'deploy', 'node'];

/** Of a route: a scope; `any` token; or `open`, which needs none. */
export type Need = Scope | 'any' | 'open';

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly need?: Need;
  }
}

interface RouteOptions {
  readonly config: { readonly need: Need };
}

/** Options of a route, by what it needs. One that says nothing needs every scope. */
export const OPEN: RouteOptions = { config: { need: 'open' } };
export const ANY: RouteOptions = { config: { need: 'any' } };
export const READ: RouteOptions = { config: { need: 'read' } };
export const CALL: RouteOptions = { config: { need: 'call' } };
export const DEPLOY: RouteOptions = { config: { need: 'deploy' } };
export const NODE: RouteOptions = { config: { need: 'node' } };
