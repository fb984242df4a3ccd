/** Resolves after so many milliseconds. */
export const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** A random time between the two, so that not all pages ask at the same moment. */
export const between = (low, high) => low + Math.random() * (high - low);
