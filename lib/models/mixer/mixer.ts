import { Linear } from '../../nn/linear.js'
import { PatchEmbedding } from '../../nn/patch.js'
import { runStack } from '../../nn/stack.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import { ImageNetwork, type ImageNetworkInput, type ImageTrace } from '../image-network.js'
import type { ModelParts } from '../model.js'
import { readLayer, readNorm } from './blocks.js'
import type { MixerSpec } from './spec.js'

export type MixerModules = ReturnType<typeof readMixer>

/** Reads the weights under the names of timm. */
export function readMixer(reader: WeightReader, spec: MixerSpec) {
  const { channels, patch, width, depth, stemNorm, classes } = spec
  const list = reader.scope('blocks')
  return {
    patches: PatchEmbedding.read(reader, 'stem.proj', { channels, width, patch }),
    stemNorm: stemNorm ? readNorm(reader, 'stem.norm', spec) : undefined,
    layers: Array.from({ length: depth }, (_, index) => readLayer(list.scope(index), spec)),
    norm: readNorm(reader, 'norm', spec),
    classifier: classes > 0 ? Linear.read(reader, 'head', width, classes) : undefined,
  }
}

/**
 * MLP-Mixer (Tolstikhin et al. 2021): networks over tokens and over channels, in turns; and ResMLP, gMLP and gMixer. Its maps
 * are [B, N, C].
 */
export class Mixer extends ImageNetwork {
  readonly spec: MixerSpec
  readonly modules: MixerModules

  /** Use load(). */
  constructor(parts: ModelParts, spec: MixerSpec, modules: MixerModules) {
    super(parts)
    this.spec = spec
    this.modules = modules
  }

  protected override get input(): ImageNetworkInput {
    const { channels, image } = this.spec
    return { channels, smallest: 1, size: image }
  }

  protected override forward(images: ops.FloatTensor): ImageTrace {
    const { patches, stemNorm, layers, norm, classifier } = this.modules
    const grid = patches.forward(ops.permute(images, [0, 3, 1, 2]))
    const [batch, rows, columns, width] = grid.shape as readonly [number, number, number, number]
    const flat = ops.reshape(grid, [batch, rows * columns, width]) as ops.FloatTensor
    const stem = stemNorm?.forward(flat) ?? flat
    const { hiddenStates, last } = runStack(layers, stem)
    const features = norm.forward(last)
    const preLogits: ops.FloatTensor = ops.mean(features, 1)
    return {
      ...{ stem, stages: hiddenStates.slice(1), features, preLogits },
      logits: classifier?.forward(preLogits),
    }
  }
}
