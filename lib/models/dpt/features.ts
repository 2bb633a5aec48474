import { sizesOf } from '../../graph/shape.js'
import type { Grid } from '../../nn/grid-bias.js'
import { runStack } from '../../nn/stack.js'
import type * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import { BeitBody } from '../beit/body.js'
import { readBody as readBeitBody } from '../beit/modules.js'
import { huggingFaceNames } from '../beit/names.js'
import { checkBatch } from '../pixels.js'
import { type States, type StatesOptions, statesOf } from '../run-options.js'
import { swinNames } from '../swin/hugging-face.js'
import { readBody as readSwinBody } from '../swin/modules.js'
import { flat, runStages } from '../swin/stages.js'
import { gridOf } from '../vit/grid.js'
import { HybridEmbedding } from '../vit/hybrid.js'
import { checkPixels } from '../vit/inputs.js'
import { readVit } from '../vit/read.js'
import type { BackboneSpec, BeitBackboneSpec, SwinBackboneSpec, VitBackboneSpec } from './spec.js'

/** What the neck reads of images, lazy. */
export interface Features {
  /** Maps float32 [B, H, W, channels], then tokens [B, 1 + rows * columns, width]. */
  readonly features: readonly ops.FloatTensor[]
  /** Rows and columns of the patches. */
  readonly grid: Grid
  readonly states: States
}

/** A model whose hidden states are read. */
export interface Backbone {
  /** Height and width of a patch. */
  readonly patch: Grid
  /** Width of the tokens. */
  readonly width: number
  /** @throws INPUT_INVALID, DTYPE_MISMATCH, SHAPE_MISMATCH, EMPTY_BATCH */
  forward(pixels: ops.FloatTensor, options: StatesOptions): Features
}

/** Reads the weights of a backbone. */
export function readBackbone(reader: WeightReader, spec: BackboneSpec): Backbone {
  if (spec.kind === 'swin') return readSwin(reader, spec)
  return spec.kind === 'beit' ? readBeit(reader, spec) : readTransformer(reader, spec)
}

function readTransformer(
  reader: WeightReader,
  { vit: spec, names, features: numbers, maps: mapNumbers, normed }: VitBackboneSpec,
): Backbone {
  const { embedding, layers, norm } = readVit(reader, spec, names)
  const { patches } = embedding.parts
  return {
    ...{ patch: spec.patch, width: spec.width },
    forward(given, options) {
      const pixels = checkPixels(spec, given, true)
      const [, , ...size] = sizesOf(pixels.shape, 4)
      const traced = patches instanceof HybridEmbedding ? patches.trace(pixels) : undefined
      const tokens = traced ? embedding.place(traced.patches, size, true) : embedding.forward(pixels, true)
      const stack = runStack(layers, tokens, { self: { weights: options.attentions } })
      const states = numbers.map((number) => {
        const state = stack.hiddenStates[number]!
        return normed && norm ? norm.forward(state) : state
      })
      const maps = mapNumbers.map((number) => traced!.maps[number]!)
      return {
        features: [...maps, ...states],
        grid: gridOf(size, spec.patch),
        states: statesOf(stack, options),
      }
    },
  }
}

/** BeitBackbone of transformers. */
function readBeit(reader: WeightReader, { beit: spec, features: numbers }: BeitBackboneSpec): Backbone {
  const scope = reader.scope('backbone')
  scope.ignore(/^layernorm\./, 'behind the features of the backbone')
  const body = new BeitBody(spec, readBeitBody(scope, huggingFaceNames, spec))
  return {
    ...{ patch: spec.embedding.patch, width: spec.layers.width },
    forward(given, options) {
      const pixels = checkPixels(spec.embedding, given, true)
      const stack = body.forward(pixels, options.attentions)
      const features = numbers.map((number) => stack.hiddenStates[number]!)
      return { features, grid: body.gridOf(pixels), states: statesOf(stack, options) }
    },
  }
}

/** Swinv2Backbone of transformers. */
function readSwin(reader: WeightReader, { swin: spec, features: numbers }: SwinBackboneSpec): Backbone {
  const body = readSwinBody(reader.scope('backbone'), swinNames, spec, false)
  return {
    ...{ patch: spec.patch, width: spec.stages.at(-1)!.width },
    forward(given, options) {
      const [, height, width] = checkBatch(given, spec.channels, [1, 1])
      const { states, weights } = runStages(spec, body, body.embedding.forward(given, undefined), options)
      return {
        features: numbers.map((number) => states[number]!),
        grid: body.embedding.gridOf(height, width),
        states: {
          ...(options.hiddenStates && { hiddenStates: states.map(flat) }),
          ...(options.attentions && { attentions: weights }),
        },
      }
    },
  }
}
