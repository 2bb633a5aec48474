import { invalid } from '../errors.js'
import type { FloatTensor } from '../ops/index.js'
import { Tensor } from '../tensor/tensor.js'
import type { Decoder } from './decoder.js'

/** Number of positions of the longest prompt, and of each prompt. */
export function promptSize(
  prompts: readonly Int32Array[],
  embeddings: FloatTensor | undefined,
): { count: number; lengths: Int32Array } {
  const longest = Math.max(...prompts.map(({ length }) => length))
  const count = embeddings?.shape[1] ?? longest
  return { count, lengths: Int32Array.from(prompts, ({ length }) => count - (longest - length)) }
}

/** Token ids, int32 [rows, count], padded at the end with 0, an id of every vocabulary. */
export function paddedIds(rows: readonly Int32Array[], count: number): Tensor<'int32'> {
  const ids = new Int32Array(rows.length * count)
  rows.forEach((row, index) => {
    ids.set(row, index * count)
  })
  return Tensor.from(ids, [rows.length, count], 'int32')
}

/** Index of each row's last token in the flattened [rows * count] positions: int32 [rows]. */
export function lastIndices(lengths: Int32Array, count: number): Tensor<'int32'> {
  const last = lengths.map((length, row) => row * count + length - 1)
  return Tensor.from(last, [last.length], 'int32')
}

/** Row i of the result is row rows[i] of the logits. */
export function repeatRows(logits: Float32Array, rows: Int32Array, vocabSize: number): Float32Array {
  const repeated = new Float32Array(rows.length * vocabSize)
  rows.forEach((row, index) => {
    repeated.set(logits.subarray(row * vocabSize, (row + 1) * vocabSize), index * vocabSize)
  })
  return repeated
}

/** @throws TEXT_TOO_LONG for sequences of more positions than the model has. */
export function checkPositions(count: number, { positions }: Decoder): void {
  if (positions !== undefined && count > positions)
    throw invalid(
      'TEXT_TOO_LONG',
      'generated text',
      `at most ${positions} tokens, the positions of the model (see maxLength)`,
      String(count),
    )
}

/** The tensors of a decoder's memory: evaluated before the first step, and disposed after the last. */
export function memoryTensors({ memory }: Decoder): Tensor[] {
  if (!memory) return []
  const layers = memory.layers.flatMap(({ key, value }) => [key, value])
  return memory.mask ? [...layers, memory.mask] : layers
}
