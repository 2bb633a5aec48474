import { invalid } from '../errors.js'
import { formatShape } from '../graph/shape.js'
import { requireDType } from '../ops/check.js'
import * as ops from '../ops/index.js'
import type { Tensor } from '../tensor/tensor.js'
import type { WeightReader } from '../weights/reader.js'
import { parameter } from './linear.js'

/** Token ids, [B, N]: int64 as tokenizers give them, or int32. */
export type TokenIds = Tensor<'int64'> | Tensor<'int32'>

/** A table of vectors, looked up by id. */
export class Embedding {
  /** float32 [entries, width]. */
  readonly weight: ops.FloatTensor

  constructor(weight: ops.FloatTensor) {
    this.weight = weight
  }

  static read(reader: WeightReader, name: string, entries: number, width: number) {
    return new Embedding(parameter(reader.scope(name), 'weight', [entries, width]))
  }

  get entries(): number {
    return this.weight.shape[0]!
  }

  /** ids [B, N] to float32 [B, N, width]. Ids outside the table: INDEX_OUT_OF_RANGE when computed; see checkTokens. */
  forward(ids: TokenIds): ops.FloatTensor {
    return ops.gather(this.weight, ids)
  }
}

/**
 * Checks token ids before they are run, so that the error names the place.
 * @throws INPUT_INVALID, DTYPE_MISMATCH, SHAPE_MISMATCH, EMPTY_BATCH, TEXT_TOO_LONG (more than `limit` places), TOKEN_OUT_OF_RANGE
 */
export async function checkTokens(
  ids: TokenIds,
  name: string,
  vocabulary: number,
  limit?: number,
): Promise<void> {
  requireDType(ids, ['int64', 'int32'], name)
  if (ids.rank !== 2) throw invalid('SHAPE_MISMATCH', name, '[batch, positions]', formatShape(ids.shape))
  if (ids.size === 0) throw invalid('EMPTY_BATCH', name, 'at least one token', formatShape(ids.shape))
  if (limit !== undefined && ids.shape[1]! > limit)
    throw invalid(
      'TEXT_TOO_LONG',
      name,
      `at most ${limit} tokens, the positions of the model`,
      String(ids.shape[1]),
    )
  const data = await ids.data()
  for (let place = 0; place < data.length; place++) {
    const id = Number(data[place])
    if (id < 0 || id >= vocabulary) {
      const [row, column] = [Math.floor(place / ids.shape[1]!), place % ids.shape[1]!]
      throw invalid(
        'TOKEN_OUT_OF_RANGE',
        `${name}, row ${row}, position ${column}`,
        `an id of the vocabulary of ${vocabulary}`,
        String(id),
      )
    }
  }
}
