import { type Config, nonNegativeInt, positiveInt } from '../../files/config.js'
import { renameBy } from '../../weights/names.js'
import type { WeightReader } from '../../weights/reader.js'
import { type Layout, transformers } from '../family.js'
import { classCount, labelsOf } from '../labels.js'
import { libraryClass } from '../library-class.js'
import { embeddingSpecOf } from '../vit/hugging-face-spec.js'
import { type ClipDescription, type ClipParts, describeClip } from './build.js'
import { imageNames, textNames } from './hugging-face-names.js'
import { encoderConfig, layerSpecOf } from './hugging-face-spec.js'
import type { ImageSpec, LinearSpec, TextSpec } from './spec.js'

const classes = [
  ...(['CLIPModel', 'CLIPForImageClassification', 'CLIPTextModel', 'CLIPTextModelWithProjection'] as const),
  ...(['CLIPVisionModel', 'CLIPVisionModelWithProjection'] as const),
] as const
type ClassName = (typeof classes)[number]

const defaults = { layers: 12, activation: 'quick_gelu', epsilon: 1e-5 }

/**
 * transformers 5 also reads a CLIPModel whose towers were saved from CLIPTextModel and CLIPVisionModel, whose names have
 * the tower's name once more.
 */
const withoutDoubledTower = renameBy([[/^(text_model|vision_model)\.\1\./, '$1.']])

/** CLIP of transformers: CLIPModel, its encoders alone, with and without projection, and CLIPForImageClassification. */
export const huggingFace: Layout<ClipDescription> = {
  ...transformers({ clip: 'CLIP', clip_text_model: 'CLIPText', clip_vision_model: 'CLIPVision' }),
  checkpoint: () => ({ rename: withoutDoubledTower }),

  describe({ config, kind }, reader) {
    const className = libraryClass(config, classes) ?? storedClass(kind.name, reader)
    const alone = kind.name !== 'clip'
    const [text, image] = (['text', 'vision'] as const).map((name) => encoderConfig(config, name, alone))
    const { parts, labels } = describeClass(className, config, text!, image!, reader)
    return describeClip(config.file, { className, parts, labels })
  },
}

function storedClass(modelType: string, reader: WeightReader): ClassName {
  if (modelType === 'clip_text_model')
    return reader.has('text_projection.weight') ? 'CLIPTextModelWithProjection' : 'CLIPTextModel'
  if (modelType === 'clip_vision_model')
    return reader.has('visual_projection.weight') ? 'CLIPVisionModelWithProjection' : 'CLIPVisionModel'
  return reader.has('logit_scale') || !reader.has('classifier.weight')
    ? 'CLIPModel'
    : 'CLIPForImageClassification'
}

function describeClass(
  className: ClassName,
  config: Config,
  text: Config,
  image: Config,
  reader: WeightReader,
): { readonly parts: ClipParts; readonly labels?: readonly string[] | undefined } {
  const project = (name: string, from: Config): LinearSpec => ({
    ...{ name, bias: false, width: positiveInt(from, 'projection_dim', 512) },
  })
  switch (className) {
    case 'CLIPTextModel':
      return { parts: { text: textSpec(text, reader, undefined) } }
    case 'CLIPTextModelWithProjection':
      return { parts: { text: textSpec(text, reader, project('text_projection', text)) } }
    case 'CLIPVisionModel':
      return { parts: { image: imageSpec(image, reader, []) } }
    case 'CLIPVisionModelWithProjection':
      return { parts: { image: imageSpec(image, reader, [project('visual_projection', image)]) } }
    case 'CLIPForImageClassification': {
      const count = classCount(config, reader.shapeOf('classifier.weight')?.[0])
      const classifier = { name: 'classifier', width: count, bias: true }
      const parts = { image: imageSpec(image, reader, []), classifier: count > 0 ? classifier : undefined }
      return { parts, labels: count > 0 ? labelsOf(config, count) : undefined }
    }
    default:
      return {
        parts: {
          text: textSpec(text, reader, project('text_projection', config)),
          image: imageSpec(image, reader, [project('visual_projection', config)]),
          similarity: { scale: 'logit_scale', bias: undefined, scores: 'softmax' },
        },
      }
  }
}

function textSpec(config: Config, reader: WeightReader, projection: LinearSpec | undefined): TextSpec {
  const endToken = nonNegativeInt(config, 'eos_token_id', 49407)
  const positions = positiveInt(config, 'max_position_embeddings', 77)
  return {
    ...layerSpecOf(config, { ...defaults, width: 512, heads: 8, feedForward: 2048 }),
    names: textNames(reader),
    vocabulary: positiveInt(config, 'vocab_size', 49408),
    positions,
    form: { length: positions, padding: 'longest', clean: 'none' },
    causal: true,
    // Configs written before transformers 4.31 say 2, whatever the end token is: it has the largest id.
    pooling: endToken === 2 ? 'largest' : { token: endToken },
    ...{ classToken: undefined, pooler: undefined, projection },
  }
}

function imageSpec(config: Config, reader: WeightReader, projection: readonly LinearSpec[]): ImageSpec {
  return {
    vit: {
      ...embeddingSpecOf(config, { patch: [32, 32], epsilon: defaults.epsilon }),
      ...layerSpecOf(config, { ...defaults, width: 768, heads: 12, feedForward: 3072 }),
      ...{ patchBias: false, embeddingNorm: true, finalNorm: false, decoder: undefined },
      // The norm is after the pooling: states of the last layer are returned without it.
      head: {
        ...{ pooling: 'class', over: 'patches', poolingHidden: 0, norm: true, pooler: undefined, classes: 0 },
      },
    },
    names: imageNames(reader),
    ...{ scope: undefined, naflex: false, projection },
  }
}
