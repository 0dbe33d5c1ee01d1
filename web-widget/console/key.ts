// Names for what is sent, so that the same thing sent twice is done once.

/** A name that nothing else has. `crypto.randomUUID` is missing where a page comes by http from another machine. */
export const newKey = (): string => crypto.getRandomValues(new Uint32Array(4)).join('-');
