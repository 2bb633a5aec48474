/** The interface of a language model for the search: rows of tokens, and the logits of each row's next token. */
export interface Stepper {
  readonly vocabSize: number
  /**
   * Starts new rows: `rowsPerPrompt` consecutive rows for each prompt. Returns the raw logits of the next tokens, [rows,
   * vocabSize]. As with {@link step}, callers read them before the next call and do not write to them.
   * @throws ABORTED when `signal` fires
   */
  start(prompts: readonly Int32Array[], rowsPerPrompt: number, signal?: AbortSignal): Promise<Float32Array>
  /**
   * Appends a token to every row and returns the logits of the next tokens. Rows marked by 1 in `ended` have ended; their
   * tokens and logits are ignored.
   * @throws ABORTED when `signal` fires
   */
  step(tokens: Int32Array, ended: Uint8Array, signal?: AbortSignal): Promise<Float32Array>
  /** Row i becomes a copy of the current row rows[i], which has the same prompt. */
  reorder(rows: Int32Array): void | Promise<void>
}
