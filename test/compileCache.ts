/**
 * Loaded by AVA before each file of tests: what it and the processes that it starts compile is kept for the next of them,
 * which halves what it costs to start a node.
 */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '../node_modules/.cache/warpmap-compile');
enableCompileCache(process.env['NODE_COMPILE_CACHE']);
