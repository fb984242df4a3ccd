/** Resolves after so many milliseconds. */
export const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Spreads a crowd: somewhere between the two, so that not every page asks at one moment. */
export const between = (low, high) => low + Math.random() * (high - low);
