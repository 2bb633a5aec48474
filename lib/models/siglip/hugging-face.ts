import { boolean, type Config, configInvalid, positiveInt } from '../../files/config.js'
import type { WeightReader } from '../../weights/reader.js'
import { type ClipDescription, type ClipParts, describeClip } from '../clip/build.js'
import { imageNames, textNames } from '../clip/hugging-face-names.js'
import { encoderConfig, layerSpecOf } from '../clip/hugging-face-spec.js'
import type { ImageSpec, TextSpec } from '../clip/spec.js'
import { type Layout, transformers } from '../family.js'
import { classCount, labelsOf } from '../labels.js'
import { libraryClass } from '../library-class.js'
import { embeddingSpecOf } from '../vit/hugging-face-spec.js'
import type { EmbeddingSpec, VitSpec } from '../vit/spec.js'

const kinds = ['Model', 'ForImageClassification', 'TextModel', 'VisionModel'] as const
type Kind = (typeof kinds)[number]

const defaults = { width: 768, layers: 12, heads: 12, feedForward: 3072, epsilon: 1e-6 }
const layerDefaults = { ...defaults, activation: 'gelu_pytorch_tanh' }

/** SigLIP (also the SigLIP 2 of fixed sizes) and Siglip2, the NaFlex one: the whole models, and their encoders alone. */
export const huggingFace: Layout<ClipDescription> = {
  ...transformers({
    ...{ siglip: 'Siglip', siglip_text_model: 'SiglipText', siglip_vision_model: 'SiglipVision' },
    ...{ siglip2: 'Siglip2', siglip2_text_model: 'Siglip2Text', siglip2_vision_model: 'Siglip2Vision' },
  }),

  // torch.nn.MultiheadAttention has no dot before weight and bias.
  checkpoint: () => ({
    rename: (name) => name.replace(/\.in_proj_(weight|bias)$/, '.in_proj.$1'),
  }),

  describe({ config, kind }, reader) {
    const naflex = kind.name.startsWith('siglip2')
    const start = naflex ? 'Siglip2' : 'Siglip'
    const named = libraryClass(
      config,
      kinds.map((each) => start + each),
    )
    const classKind = kinds.find((each) => named === start + each) ?? storedKind(kind.name, reader)
    const alone = kind.name.endsWith('_model')
    const { parts, labels } = describeKind(classKind, config, alone, naflex, reader)
    return describeClip(config.file, { className: start + classKind, parts, labels })
  },
}

function storedKind(modelType: string, reader: WeightReader): Kind {
  if (modelType.endsWith('_text_model')) return 'TextModel'
  if (modelType.endsWith('_vision_model')) return 'VisionModel'
  return reader.has('logit_scale') || !reader.has('classifier.weight') ? 'Model' : 'ForImageClassification'
}

function describeKind(
  kind: Kind,
  config: Config,
  alone: boolean,
  naflex: boolean,
  reader: WeightReader,
): { readonly parts: ClipParts; readonly labels?: readonly string[] | undefined } {
  const text = () => textSpec(encoderConfig(config, 'text', alone), reader)
  const image = (pools: boolean) => imageSpec(encoderConfig(config, 'vision', alone), naflex, pools, reader)
  switch (kind) {
    case 'TextModel':
      return { parts: { text: text() } }
    case 'VisionModel':
      return { parts: { image: image(false) } }
    case 'ForImageClassification': {
      const count = classCount(config, reader.shapeOf('classifier.weight')?.[0])
      const classifier = { name: 'classifier', width: count, bias: true }
      const parts = { image: image(false), classifier: count > 0 ? classifier : undefined }
      return { parts, labels: count > 0 ? labelsOf(config, count) : undefined }
    }
    default: {
      const similarity = { scale: 'logit_scale', bias: 'logit_bias', scores: 'sigmoid' } as const
      return { parts: { text: text(), image: image(true), similarity } }
    }
  }
}

/** The last place is pooled, be it padding: texts are padded to the full length. */
function textSpec(config: Config, reader: WeightReader): TextSpec {
  const layers = layerSpecOf(config, layerDefaults)
  const names = textNames(reader)
  const positions = positiveInt(config, 'max_position_embeddings', 64)
  return {
    ...layers,
    names,
    vocabulary: positiveInt(config, 'vocab_size', 32000),
    positions,
    form: { length: positions, padding: 'full', clean: 'none' },
    ...{ causal: false, pooling: 'last', classToken: undefined },
    pooler: {
      name: names.norm.replace('final_layer_norm', 'head'),
      width: positiveInt(config, 'projection_size', layers.width),
      bias: true,
    },
    projection: undefined,
  }
}

/** @param pools whether the model needs the pooling head, which the config of an encoder can switch off */
function imageSpec(config: Config, naflex: boolean, pools: boolean, reader: WeightReader): ImageSpec {
  const layers = layerSpecOf(config, layerDefaults)
  const hasHead = boolean(config, 'vision_use_head', true)
  if (pools && !hasHead) throw configInvalid(config, 'vision_use_head', 'true, for a model that compares')
  const vit: VitSpec = {
    ...(naflex ? patchesOf(config) : embeddingSpecOf(config, { patch: [16, 16], epsilon: defaults.epsilon })),
    ...layers,
    prefix: { class: false, distillation: false, registers: 0 },
    ...{ finalNorm: true, decoder: undefined },
    head: {
      ...{ pooling: hasHead ? 'attention' : 'none', over: 'patches', poolingHidden: layers.mlp.hidden },
      ...{ norm: false, pooler: undefined, classes: 0 },
    },
  }
  return { vit, names: imageNames(reader), scope: undefined, naflex, projection: [] }
}

/** NaFlex has a square table of positions, and no image size. */
function patchesOf(config: Config): EmbeddingSpec {
  const count = positiveInt(config, 'num_patches', 256)
  const patch = positiveInt(config, 'patch_size', 16)
  const side = Math.round(Math.sqrt(count))
  if (side * side !== count) throw configInvalid(config, 'num_patches', 'a square number')
  const values = { ...config.values, image_size: side * patch }
  return embeddingSpecOf({ ...config, values }, { patch: [patch, patch], epsilon: defaults.epsilon })
}
