import type { Activation } from '../../nn/activation.js'
import { Layer } from '../../nn/layer.js'
import { Linear } from '../../nn/linear.js'
import { Mlp, type MlpSizes } from '../../nn/mlp.js'
import { LayerNorm } from '../../nn/norm.js'
import { PatchEmbedding } from '../../nn/patch.js'
import { runStack } from '../../nn/stack.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import { ImageNetwork, type ImageNetworkInput, type ImageTrace } from '../image-network.js'
import type { ModelParts } from '../model.js'

/** All differences between published MLP-Mixers. */
export interface MixerSpec {
  readonly channels: number
  /** Height and width of the images; the network takes no others. */
  readonly image: readonly [number, number]
  readonly patch: readonly [number, number]
  readonly width: number
  readonly depth: number
  /** Hidden widths of the MLPs over tokens and over channels. */
  readonly hidden: readonly [number, number]
  readonly activation: Activation
  /** A norm after the patch embedding. */
  readonly stemNorm: boolean
  /** Number of classes; 0: no classifier. */
  readonly classes: number
}

/** An MLP over the tokens: each channel is mixed alone. */
class TokenMixing {
  readonly #mlp: Mlp

  constructor(mlp: Mlp) {
    this.#mlp = mlp
  }

  /** x float32 [B, N, C] to the same shape. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    return ops.permute(this.#mlp.forward(ops.permute(x, [0, 2, 1])), [0, 2, 1])
  }
}

const epsilon = 1e-6

export type MixerModules = ReturnType<typeof readMixer>

/** Reads the weights under the names of timm. */
export function readMixer(reader: WeightReader, spec: MixerSpec) {
  const { channels, patch, width, depth, stemNorm, classes } = spec
  const list = reader.scope('blocks')
  return {
    patches: PatchEmbedding.read(reader, 'stem.proj', { channels, width, patch }),
    stemNorm: stemNorm ? LayerNorm.read(reader, 'stem.norm', width, epsilon) : undefined,
    layers: Array.from({ length: depth }, (_, index) => readLayer(list.scope(index), spec)),
    norm: LayerNorm.read(reader, 'norm', width, epsilon),
    classifier: classes > 0 ? Linear.read(reader, 'head', width, classes) : undefined,
  }
}

function readLayer(block: WeightReader, { image, patch, width, hidden, activation }: MixerSpec): Layer {
  const tokens = Math.floor(image[0] / patch[0]) * Math.floor(image[1] / patch[1])
  const mlp = (name: string, sizes: Omit<MlpSizes, 'activation'>) =>
    Mlp.read(block.scope(name), ['fc1', 'fc2'], { ...sizes, activation })
  const norm = (name: string) => ({
    norm: LayerNorm.read(block, name, width, epsilon),
    placement: 'pre' as const,
  })
  return new Layer([
    {
      mlp: new TokenMixing(mlp('mlp_tokens', { width: tokens, feedForward: hidden[0] })),
      ...norm('norm1'),
    },
    { mlp: mlp('mlp_channels', { width, feedForward: hidden[1] }), ...norm('norm2') },
  ])
}

/** MLP-Mixer (Tolstikhin et al. 2021): MLPs over tokens and over channels, in turns. Its maps are [B, N, C]. */
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
