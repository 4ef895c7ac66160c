/** Ends its process while it is loaded. */
// oxlint-disable-next-line unicorn/no-process-exit
process.exit(3);
