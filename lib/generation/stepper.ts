/** A language model as the search sees it: rows of tokens, to each of which a step adds one. */
export interface Stepper {
  readonly vocabSize: number
  /**
   * Begins with prompts, and forgets what was before: each prompt is continued by `rowsPerPrompt` rows that follow each
   * other. Gives the raw logits of the tokens that follow, [rows, vocabSize]; like those of {@link step} they are read
   * before the next call and never written to.
   * @throws ABORTED when `signal` fires
   */
  start(prompts: readonly Int32Array[], rowsPerPrompt: number, signal?: AbortSignal): Promise<Float32Array>
  /**
   * Appends a token to every row, and gives the logits of what follows. Rows marked by 1 in `ended` have ended: their
   * token and their logits do not matter.
   * @throws ABORTED when `signal` fires
   */
  step(tokens: Int32Array, ended: Uint8Array, signal?: AbortSignal): Promise<Float32Array>
  /** Row i goes on as row rows[i] did so far. Rows stay with their prompt. */
  reorder(rows: Int32Array): void | Promise<void>
}
