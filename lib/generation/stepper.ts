/**
 * A language model as the search sees it: rows of tokens that grow in step. The rows of one source are neighbours:
 * row r continues source floor(r / perSource).
 */
export interface Stepper {
  readonly vocabSize: number
  /** Makes room for `sources * perSource` rows, all empty, and forgets the rows before. */
  start(sources: number, perSource: number): void | Promise<void>
  /**
   * Appends tokens to every row and gives the raw logits of what follows.
   * `tokens` is [rows, n]: the prompt at the first call, afterwards one token a row. The result is
   * [rows, vocabSize]; it is read before the next call and never written to.
   * Rejects with code ABORTED when `signal` fires.
   */
  step(tokens: Int32Array, signal?: AbortSignal): Promise<Float32Array>
  /** Row i goes on as row rows[i] did so far. Rows never leave their source. */
  reorder(rows: Int32Array): void | Promise<void>
}
