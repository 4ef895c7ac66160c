/**
 * Functions of deployed apps as they were declared, by `app/function`: what `warpmap types` writes adds to it, so that
 * `connection.function('app', 'function')` has their types.
 */
export interface DeployedFunctions {}
