import { CrossAttention } from '../../nn/attention.js'
import { type MapModule, runStages } from '../../nn/feature-maps.js'
import { FusedLinear } from '../../nn/fused-linear.js'
import { Linear, parameter } from '../../nn/linear.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { ContrastiveImages, ContrastiveOptions, Projected } from '../contrastive.js'
import { channelsFirst, checkImages } from '../image-network.js'
import { readResNet } from '../resnet/modules.js'
import type { ResNetNames, ResNetSpec } from '../resnet/spec.js'
import { checkFixed } from './image-embedding.js'

/** A ResNet as image encoder: the ModifiedResNet of CLIP, whose pooling is an attention and projects to the shared space. */
export interface ResNetTowerSpec {
  readonly resnet: ResNetSpec
  /** Side of the images. */
  readonly image: number
  /** Side of the last feature map. */
  readonly grid: number
  /** Heads of the pooling. */
  readonly heads: number
  /** Width of the shared space. */
  readonly projection: number
}

const names: ResNetNames = {
  stem: (index) => ({ convolution: `conv${index + 1}`, norm: `bn${index + 1}` }),
  reduction: { convolution: '', norm: '' },
  block: (stage, block) => {
    const scope = `layer${stage + 1}.${block}`
    return {
      convolution: (index) => ({ convolution: `${scope}.conv${index + 1}`, norm: `${scope}.bn${index + 1}` }),
      shortcut: { convolution: `${scope}.downsample.0`, norm: `${scope}.downsample.1` },
      attention: '',
    }
  },
  classifier: '',
}

/** Pools a map by the attention of its mean to all positions and itself. */
class AttentionPool {
  readonly #positions: ops.FloatTensor
  readonly #attention: CrossAttention

  constructor(reader: WeightReader, { grid, heads, projection }: ResNetTowerSpec, width: number) {
    this.#positions = parameter(reader, 'positional_embedding', [grid * grid + 1, width])
    this.#attention = new CrossAttention({
      heads,
      query: Linear.read(reader, 'q_proj', width, width),
      keyValue: FusedLinear.read(reader, ['k_proj', 'v_proj'], width, [width, width]),
      output: Linear.read(reader, 'c_proj', width, projection),
    })
  }

  /** x float32 [B, H, W, width] to [B, projection]. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    const [batch, height, width, channels] = x.shape as readonly [number, number, number, number]
    const positions: ops.FloatTensor = ops.reshape(x, [batch, height * width, channels])
    const mean: ops.FloatTensor = ops.mean(positions, 1, { keepDims: true })
    const tokens: ops.FloatTensor = ops.add(ops.concat([mean, positions], 1), this.#positions)
    const query: ops.FloatTensor = ops.slice(tokens, { axis: 1, end: 1 })
    return ops.squeeze(this.#attention.forward(query, this.#attention.project(tokens)).output, 1)
  }
}

/** Encodes images by a ResNet. */
export class ResNetTower {
  readonly spec: ResNetTowerSpec
  readonly #stem: MapModule
  readonly #stages: readonly MapModule[]
  readonly #pool: AttentionPool

  constructor(reader: WeightReader, spec: ResNetTowerSpec) {
    const { stem, stages } = readResNet(reader, spec.resnet, names)
    this.spec = spec
    this.#stem = stem
    this.#stages = stages
    this.#pool = new AttentionPool(reader.scope('attnpool'), spec, spec.resnet.stages.at(-1)!.width)
  }

  /** @throws SHAPE_MISMATCH, DTYPE_MISMATCH, EMPTY_BATCH, INPUT_INVALID */
  forward(images: ContrastiveImages, { hiddenStates }: ContrastiveOptions): Projected {
    checkFixed(images)
    const { image, resnet } = this.spec
    const size = [image, image] as const
    const first = this.#stem.forward(
      checkImages(images.pixelValues, { channels: resnet.channels, smallest: 1, size }),
    )
    const { stages, last } = runStages(this.#stages, first)
    const features = this.#pool.forward(last)
    const states = hiddenStates && { hiddenStates: [first, ...stages].map(channelsFirst) }
    return {
      output: { lastHiddenState: channelsFirst(last), poolerOutput: features, ...states },
      features,
    }
  }
}
