import * as ops from '../ops/index.js'
import type { Activation } from './activation.js'

/** A part of a convolution network: feature maps float32 [B, H, W, C] to others. */
export interface MapModule {
  forward(x: ops.FloatTensor): ops.FloatTensor
}

/** Parts that follow each other. */
export function sequence(parts: readonly (MapModule | undefined)[]): MapModule {
  const present = parts.filter((part) => part !== undefined)
  return { forward: (x) => present.reduce((maps, part) => part.forward(maps), x) }
}

/** A pooling, or another op, as a part. */
export function mapOp(forward: (x: ops.FloatTensor) => ops.FloatTensor): MapModule {
  return { forward }
}

/** A residual connection (He et al. 2015): activation(branch(x) + shortcut(x)). */
export function residual(branch: MapModule, shortcut?: MapModule, activation?: Activation): MapModule {
  return mapOp((x) => {
    const sum: ops.FloatTensor = ops.add(branch.forward(x), shortcut?.forward(x) ?? x)
    return activation?.(sum) ?? sum
  })
}

/** Results of {@link runStages}. */
export interface StagesResult {
  /** The output of each stage. */
  readonly stages: readonly ops.FloatTensor[]
  readonly last: ops.FloatTensor
}

/** Runs stages one after the other and keeps their outputs. */
export function runStages(stages: readonly MapModule[], x: ops.FloatTensor): StagesResult {
  const outputs: ops.FloatTensor[] = []
  let last = x
  for (const stage of stages) {
    last = stage.forward(last)
    outputs.push(last)
  }
  return { stages: outputs, last }
}
