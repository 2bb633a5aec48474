/**
 * Changes the scores of the next token, in place. `tokens` are those of the row so far, `length` of them, in an array
 * that may be longer.
 */
export type Processor = (scores: Float32Array, tokens: Int32Array, length: number) => void
