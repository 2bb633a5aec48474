/**
 * Changes the scores of the next token in place. The first `length` elements of `tokens` are the tokens of the row; the
 * array may be longer.
 */
export type Processor = (scores: Float32Array, tokens: Int32Array, length: number) => void
