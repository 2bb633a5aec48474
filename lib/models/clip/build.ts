import { squeezedParameter } from '../../nn/linear.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { Similarity } from '../contrastive.js'
import { checkConvNextSizes } from '../convnext/modules.js'
import { type Description, imageTasks } from '../family.js'
import type { ModelParts } from '../model.js'
import { checkSizes } from '../sizes.js'
import { checkSpec } from '../vit/check-spec.js'
import { Clip } from './clip.js'
import { ConvNextTower, type ConvNextTowerSpec } from './convnext-tower.js'
import { ImageEncoder, TextEncoder } from './encoders.js'
import { ImageTower } from './image-tower.js'
import { ResNetTower, type ResNetTowerSpec } from './resnet-tower.js'
import type { ImageSpec, LinearSpec, TextSpec } from './spec.js'
import { readLinear, TextTower } from './text-tower.js'

/** Names of the numbers with which cosine similarities become logits. */
export interface SimilaritySpec {
  /** The logarithm of the factor. */
  readonly scale: string
  readonly bias: string | undefined
  readonly scores: Similarity['scores']
}

/** What a checkpoint holds: both encoders and their similarity, or one encoder, which may have a classifier. */
export interface ClipParts {
  readonly text?: TextSpec | undefined
  readonly image?: ImageSpec | undefined
  /** An image encoder that is a ResNet, instead of `image`. */
  readonly resnet?: ResNetTowerSpec | undefined
  /** The same with a ConvNeXt. */
  readonly convnext?: ConvNextTowerSpec | undefined
  readonly similarity?: SimilaritySpec | undefined
  readonly classifier?: LinearSpec | undefined
}

export interface ClipDescription extends Description {
  readonly parts: ClipParts
}

/** Checks the specs, and adds tasks and image size. @throws CONFIG_INVALID and LIMIT_EXCEEDED naming the file */
export function describeClip(
  file: string,
  description: Omit<ClipDescription, 'tasks' | 'imageSize'>,
): ClipDescription {
  const { text, image, resnet, convnext, similarity, classifier } = description.parts
  if (text) {
    const { vocabulary, positions, width, heads, depth, mlp, pooler, projection } = text
    const widths = [width, mlp.hidden, pooler?.width ?? 0, projection?.width ?? 0]
    checkSizes(file, { vocabulary, positions, heads, layers: depth, width: widths })
  }
  if (image) {
    checkSpec(image.vit, file)
    checkSizes(file, { width: image.projection.map(({ width }) => width) })
  }
  if (resnet) {
    const { stem, stages } = resnet.resnet
    const width = [...stem.convolutions.map(({ outputs }) => outputs), ...stages.map((stage) => stage.width)]
    const layers = stages.map(({ depth }) => depth)
    const { heads, image: modelImageSide } = resnet
    checkSizes(file, { layers, heads, modelImageSide, width: [...width, resnet.projection] })
  }
  if (convnext) {
    checkConvNextSizes(file, convnext.convnext)
    checkSizes(file, { modelImageSide: convnext.image, width: convnext.projection.map(({ width }) => width) })
  }
  return {
    ...description,
    tasks: similarity
      ? ['zero-shot-image-classification', 'image-feature-extraction']
      : image
        ? imageTasks(classifier !== undefined)
        : ['feature-extraction'],
    imageSize: imageSizeOf(description.parts),
  }
}

function imageSizeOf({ image, resnet, convnext }: ClipParts): ClipDescription['imageSize'] {
  if (resnet) return [resnet.resnet.channels, resnet.image, resnet.image]
  if (convnext) return [convnext.convnext.channels, ...convnext.image]
  return image && !image.naflex ? [image.vit.channels, ...image.vit.image] : undefined
}

/** Reads the weights, and makes the model. */
export function buildClip(
  parts: ModelParts,
  { parts: { text, image, resnet, convnext, similarity, classifier } }: ClipDescription,
  reader: WeightReader,
): Clip | TextEncoder | ImageEncoder {
  const texts = text && new TextTower(reader, text)
  const images = image && new ImageTower(reader, image)
  const network = resnet
    ? new ResNetTower(reader.scope('visual'), resnet)
    : convnext && new ConvNextTower(reader, convnext)
  const tower = network ?? images
  if (texts && tower && similarity)
    return new Clip(parts, readSimilarity(reader, similarity), texts.spec.form, texts, tower)
  if (texts) return new TextEncoder(parts, texts)
  return new ImageEncoder(parts, images!, classifier && readLinear(reader, classifier, image!.vit.width))
}

function readSimilarity(reader: WeightReader, { scale, bias, scores }: SimilaritySpec): Similarity {
  const scalar = (name: string) => squeezedParameter(reader, name, [])
  return { scale: ops.exp(scalar(scale)), bias: bias === undefined ? undefined : scalar(bias), scores }
}
