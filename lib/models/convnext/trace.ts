import { sizesOf } from '../../graph/shape.js'
import { activation } from '../../nn/activation.js'
import { globalPool } from '../../nn/pooling.js'
import * as ops from '../../ops/index.js'
import type { ImageNetworkInput, ImageTrace } from '../image-network.js'
import type { ConvNextModules } from './modules.js'
import type { ConvNextSpec } from './spec.js'

/** All intermediate results of a forward pass. Images are channels-last, [B, H, W, C]. */
export interface ConvNextTrace extends ImageTrace {
  /** Input of each stage's blocks, after its downsampling. */
  readonly downsampled: readonly ops.FloatTensor[]
  /** [B, C]: pooled features; before the head's norm if that is after the pooling. */
  readonly pooled: ops.FloatTensor
}

/** The images that a ConvNeXt takes. */
export function imagesOf({ channels, stem, stages }: ConvNextSpec): ImageNetworkInput {
  const smallest = stages.reduce((size, { downsample = 1 }) => size * downsample, stem.patch)
  return { channels, smallest }
}

/** The forward pass. @param images float32 [B, H, W, C], checked */
export function traceConvNext(
  spec: ConvNextSpec,
  modules: ConvNextModules,
  images: ops.FloatTensor,
): ConvNextTrace {
  let x = images
  modules.stem.forEach((convolution, index) => {
    x = convolution.forward(x)
    if (spec.stem.kind === 'overlap-activation' && index === 0) x = activation(spec.activation)(x)
  })
  const stem = modules.stemNorm.forward(x)
  x = stem
  const downsampled: ops.FloatTensor[] = []
  const stages: ops.FloatTensor[] = []
  for (const { norm, convolution, blocks } of modules.stages) {
    if (norm && convolution) x = convolution.forward(norm.forward(x))
    downsampled.push(x)
    for (const block of blocks) x = block.forward(x)
    stages.push(x)
  }
  const before = spec.head.norm === 'before-pool'
  const features = before ? modules.headNorm!.forward(x) : x
  const pooled = globalPool(features, spec.head.pool)
  const normed = spec.head.norm === 'after-pool' ? modules.headNorm!.forward(pooled) : pooled
  const preLogits = modules.hidden ? ops.gelu(modules.hidden.forward(normed)) : normed
  return {
    stem,
    downsampled,
    stages,
    features: spec.tokens ? modules.headNorm!.forward(tokensOf(pooled, features)) : features,
    pooled,
    preLogits,
    logits: modules.classifier?.forward(preLogits),
  }
}

/** A pooled vector [B, C] and maps [B, H, W, C] as tokens, [B, 1 + H * W, C]. */
function tokensOf(pooled: ops.FloatTensor, maps: ops.FloatTensor): ops.FloatTensor {
  const [batch, height, width, channels] = sizesOf(maps.shape, 4)
  const first: ops.FloatTensor = ops.unsqueeze(pooled, 1)
  return ops.concat([first, ops.reshape(maps, [batch, height * width, channels])], 1)
}
