import type { WeightReader } from '../../weights/reader.js'
import type { ContrastiveImages, ContrastiveOptions, Projected } from '../contrastive.js'
import { type ConvNextModules, readConvNext } from '../convnext/modules.js'
import type { ConvNextNames, ConvNextSpec } from '../convnext/spec.js'
import { imagesOf, traceConvNext } from '../convnext/trace.js'
import { channelsFirst, checkImages } from '../image-network.js'
import { checkFixed } from './image-embedding.js'
import { Projection } from './projection.js'
import type { LinearSpec } from './spec.js'

/** A ConvNeXt as image encoder, and the projection of its pooled output. */
export interface ConvNextTowerSpec {
  readonly convnext: ConvNextSpec
  readonly names: ConvNextNames
  /** The module that has these names. Those of the projection are whole. */
  readonly scope: string
  /** Height and width of the images that the model was trained on; others are taken too. */
  readonly image: readonly [number, number]
  readonly projection: readonly LinearSpec[]
}

/** Encodes images by a ConvNeXt. */
export class ConvNextTower {
  readonly #spec: ConvNextSpec
  readonly #modules: ConvNextModules
  readonly #projection: Projection

  constructor(reader: WeightReader, { convnext, names, scope, projection }: ConvNextTowerSpec) {
    this.#spec = convnext
    this.#modules = readConvNext(reader.scope(scope), convnext, names)
    this.#projection = new Projection(reader, projection, convnext.stages.at(-1)!.width)
  }

  /** @throws SHAPE_MISMATCH, DTYPE_MISMATCH, EMPTY_BATCH, INPUT_INVALID */
  forward(images: ContrastiveImages, { hiddenStates }: ContrastiveOptions): Projected {
    checkFixed(images)
    const pixels = checkImages(images.pixelValues, imagesOf(this.#spec))
    const { stem, stages, features, preLogits, logits } = traceConvNext(this.#spec, this.#modules, pixels)
    const states = hiddenStates && { hiddenStates: [stem, ...stages].map(channelsFirst) }
    return {
      output: { lastHiddenState: channelsFirst(features), poolerOutput: preLogits, ...states },
      features: logits ?? this.#projection.forward(preLogits),
    }
  }
}
