import type { Layer } from '../../nn/layer.js'
import type { Linear } from '../../nn/linear.js'
import type { Norm } from '../../nn/norm.js'
import { resizePositions, statesAt } from '../../nn/position.js'
import { runStack } from '../../nn/stack.js'
import * as ops from '../../ops/index.js'
import type { Masking } from './masking.js'

/** The learned parts of a decoder. */
export interface DecoderParts {
  readonly embedding: Linear
  /** float32 [1, 1, width]: stands for each hidden patch. */
  readonly maskToken: ops.FloatTensor
  /** float32 [1, 1 + patches, width]: first of the class token. */
  readonly positions: ops.FloatTensor
  readonly layers: readonly Layer[]
  readonly norm: Norm
  readonly prediction: Linear
}

/** Predicts the pixels of all patches from the tokens of the visible ones (He et al. 2022, section 3). */
export class MaeDecoder {
  readonly parts: DecoderParts

  constructor(parts: DecoderParts) {
    this.parts = parts
  }

  /**
   * @param tokens float32 [B, 1 + visible, encoder's width]
   * @returns float32 [B, patches, height * width * channels]
   */
  forward(tokens: ops.FloatTensor, { idsRestore }: Masking): ops.FloatTensor {
    const { embedding, maskToken, layers, norm, prediction } = this.parts
    const [batch, patches] = idsRestore.shape as readonly [number, number]
    const embedded = embedding.forward(tokens)
    const visible: ops.FloatTensor = ops.slice(embedded, { axis: 1, start: 1 })
    const hidden = patches - visible.shape[1]!
    const masks: ops.FloatTensor = ops.expand(maskToken, [batch, hidden, maskToken.shape[2]!])
    const ordered = statesAt(hidden > 0 ? ops.concat([visible, masks], 1) : visible, idsRestore)
    const classToken: ops.FloatTensor = ops.slice(embedded, { axis: 1, end: 1 })
    const x: ops.FloatTensor = ops.add(ops.concat([classToken, ordered], 1), this.#positions(patches))
    const last = norm.forward(runStack(layers, x).last)
    return prediction.forward(ops.slice(last, { axis: 1, start: 1 }))
  }

  /** The library resizes the table along the row of all patches, not along the two axes of the image. */
  #positions(patches: number): ops.FloatTensor {
    const { positions } = this.parts
    const [, count, width] = positions.shape as readonly [number, number, number]
    if (count === 1 + patches) return positions
    const table: ops.FloatTensor = ops.reshape(ops.slice(positions, { axis: 1, start: 1 }), [
      ...([1, 1, count - 1, width] as const),
    ])
    const resized: ops.FloatTensor = resizePositions(table, [1, patches], 'hf-bicubic')
    const row: ops.FloatTensor = ops.reshape(resized, [1, patches, width])
    return ops.concat([ops.slice(positions, { axis: 1, end: 1 }), row], 1)
  }
}
