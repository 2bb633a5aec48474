import { invalid } from '../errors.js'
import { formatShape } from '../graph/shape.js'
import { requireDType } from '../ops/check.js'
import * as ops from '../ops/index.js'
import type { Tensor } from '../tensor/tensor.js'
import type { WeightReader } from '../weights/reader.js'
import { tiedParameter } from './linear.js'

/** Token ids [B, N]: int64, as tokenizers return them, or int32. */
export type TokenIds = Tensor<'int64'> | Tensor<'int32'>

/** A table of vectors that is indexed by id. */
export class Embedding {
  /** float32 [entries, width]. */
  readonly weight: ops.FloatTensor

  constructor(weight: ops.FloatTensor) {
    this.weight = weight
  }

  /** @param tied full names of weights that are this table too, if they are stored and it is not */
  static read(
    reader: WeightReader,
    name: string,
    entries: number,
    width: number,
    tied: readonly string[] = [],
  ) {
    return new Embedding(tiedParameter(reader, `${name}.weight`, tied, [entries, width]))
  }

  get entries(): number {
    return this.weight.shape[0]!
  }

  /** The rows of ids 0 to count - 1: float32 [count, width]. */
  first(count: number): ops.FloatTensor {
    return ops.slice(this.weight, { axis: 0, start: 0, end: count })
  }

  /**
   * ids [B, N] to float32 [B, N, width]. Ids outside the table throw INDEX_OUT_OF_RANGE at the computation; use
   * {@link checkTokens} before it for an error that names the token.
   */
  forward(ids: TokenIds): ops.FloatTensor {
    return ops.gather(this.weight, ids)
  }
}

/**
 * Checks ids that there is one of for each token, such as position ids: [B, N], or [1, N] for all rows.
 * @throws as {@link checkTokens}
 */
export async function checkTokenwise(
  ids: TokenIds,
  name: string,
  entries: number,
  [batch, count]: readonly number[],
): Promise<void> {
  await checkTokens(ids, name, entries)
  if (ids.shape[1] !== count || ![batch, 1].includes(ids.shape[0]))
    throw invalid(
      'SHAPE_MISMATCH',
      name,
      `${formatShape([batch!, count!])}, as inputIds`,
      formatShape(ids.shape),
    )
}

/**
 * Checks token ids before a run, so that the error names the row and position.
 * @throws INPUT_INVALID, DTYPE_MISMATCH, SHAPE_MISMATCH, EMPTY_BATCH, TEXT_TOO_LONG (more than `limit` tokens), TOKEN_OUT_OF_RANGE
 */
export async function checkTokens(
  ids: TokenIds,
  name: string,
  vocabulary: number,
  limit?: number,
): Promise<void> {
  requireDType(ids, ['int64', 'int32'], name)
  if (ids.rank !== 2) throw invalid('SHAPE_MISMATCH', name, '[batch, tokens]', formatShape(ids.shape))
  if (ids.size === 0) throw invalid('EMPTY_BATCH', name, 'at least one token', formatShape(ids.shape))
  if (limit !== undefined && ids.shape[1]! > limit)
    throw invalid(
      'TEXT_TOO_LONG',
      name,
      `at most ${limit} tokens, the positions of the model`,
      String(ids.shape[1]),
    )
  const data = await ids.data()
  for (let index = 0; index < data.length; index++) {
    const id = Number(data[index])
    if (id < 0 || id >= vocabulary) {
      const [row, column] = [Math.floor(index / ids.shape[1]!), index % ids.shape[1]!]
      throw invalid(
        'TOKEN_OUT_OF_RANGE',
        `${name}, row ${row}, position ${column}`,
        `an id of the vocabulary of ${vocabulary}`,
        String(id),
      )
    }
  }
}
