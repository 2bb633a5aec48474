import { sizesOf } from '../../graph/shape.js'
import { runStack } from '../../nn/stack.js'
import * as ops from '../../ops/index.js'
import type { StatesOptions } from '../run-options.js'
import type { SwinBody } from './modules.js'
import type { SwinSpec } from './spec.js'

/** Results of all stages, lazy: grids float32 [B, H, W, width]. */
export interface SwinStages {
  readonly last: ops.FloatTensor
  /** The patches, then the output of each stage. */
  readonly states: readonly ops.FloatTensor[]
  /** Weights of the last layer of each stage, if the options ask for them. */
  readonly weights: readonly ops.FloatTensor[]
}

/** Runs patches, float32 [B, rows, columns, width], through all stages. */
export function runStages(
  { stages: sizes, statesBeforeMerging }: SwinSpec,
  { stages }: Pick<SwinBody, 'stages'>,
  patches: ops.FloatTensor,
  { attentions }: StatesOptions,
): SwinStages {
  const states = [patches]
  const weights: ops.FloatTensor[] = []
  let last = patches
  stages.forEach(({ blocks, merging }, stage) => {
    const asked = sizes[stage]!.depth - 1
    const stack = runStack(blocks, last, {
      self: (layer) => ({ weights: attentions && layer === asked }),
    })
    weights.push(...stack.attentions.values())
    last = merging?.forward(stack.last) ?? stack.last
    states.push(statesBeforeMerging ? stack.last : last)
  })
  return { last, states, weights }
}

/** A grid [B, H, W, C] as a sequence [B, H * W, C]. */
export function flat(x: ops.FloatTensor): ops.FloatTensor {
  const [batch, height, width, channels] = sizesOf(x.shape, 4)
  return ops.reshape(x, [batch, height * width, channels])
}
