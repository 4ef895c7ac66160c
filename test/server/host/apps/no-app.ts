/** Exports no app. */
export const answer = 42;
