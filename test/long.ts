import test, { type TestFn } from 'ava';

/** Whether proofs that take a minute or more run too: in continuous integration, and where they are asked for. */
export const runsLong: boolean = process.env['WARPMAP_TESTS'] === 'all' || Boolean(process.env['CI']);

/** A test that `npm test` skips for a person in a hurry, and continuous integration runs. Say why it is long in its title. */
export const longTest: TestFn | typeof test.skip = runsLong ? test : test.skip;
