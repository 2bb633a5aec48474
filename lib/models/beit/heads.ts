import { type Config, configInvalid, list, positiveInt, positiveInts } from '../../files/config.js'
import type { WeightReader } from '../../weights/reader.js'
import { classCount } from '../labels.js'
import { libraryClass } from '../library-class.js'
import { checkSizes } from '../sizes.js'

/** A class of transformers, without the name of its model type. */
export type BeitClass =
  | 'Model'
  | 'ForImageClassification'
  | 'ForMaskedImageModeling'
  | 'ForSemanticSegmentation'

/** The heads that a class has. */
export interface BeitHeads {
  /** Whether the class pools the patches or the class token to one vector. */
  readonly pools: boolean
  /** Number of classes of images; 0: no classifier. */
  readonly classes: number
  /** Number of visual tokens that are predicted for each patch; 0: none are. */
  readonly tokens: number
  readonly segments: SegmentationSpec | undefined
}

/** The head of semantic segmentation. */
export interface SegmentationSpec {
  readonly classes: number
  /** Four hidden states, counted from the embedding as 1, that become maps of four sizes. */
  readonly features: readonly [number, number, number, number]
  /** Sides of the grids to which the coarsest map is pooled. */
  readonly poolSizes: readonly number[]
}

/** The class that the config names, else the class whose head is stored. */
export function classOf(config: Config, name: string, reader: WeightReader): BeitClass {
  const kinds: readonly BeitClass[] = [
    ...(['Model', 'ForImageClassification', 'ForMaskedImageModeling'] as const),
    'ForSemanticSegmentation',
  ]
  const named = libraryClass(
    config,
    kinds.map((kind) => name + kind),
  )
  const found = kinds.find((kind) => named === name + kind)
  if (found) return found
  if (reader.has('decode_head.classifier.weight')) return 'ForSemanticSegmentation'
  if (reader.has('lm_head.weight')) return 'ForMaskedImageModeling'
  return reader.has('classifier.weight') ? 'ForImageClassification' : 'Model'
}

/**
 * The heads of a class.
 * @param pooler whether the norm of a bare model's pooler is stored, or not needed
 * @throws CONFIG_INVALID, LIMIT_EXCEEDED
 */
export function headsOf(config: Config, kind: BeitClass, reader: WeightReader, pooler: boolean): BeitHeads {
  const count = (name: string) => classCount(config, reader.shapeOf(name)?.[0])
  const tokens = kind === 'ForMaskedImageModeling' ? positiveInt(config, 'vocab_size', 8192) : 0
  checkSizes(config.file, { vocabulary: tokens })
  return {
    pools: kind === 'ForImageClassification' || (kind === 'Model' && pooler),
    classes: kind === 'ForImageClassification' ? count('classifier.weight') : 0,
    tokens,
    segments:
      kind === 'ForSemanticSegmentation'
        ? segmentation(config, count('decode_head.classifier.weight'))
        : undefined,
  }
}

function segmentation(config: Config, classes: number): SegmentationSpec {
  const key = 'out_indices' in config.values ? 'out_indices' : 'segmentation_indices'
  const layers = positiveInt(config, 'num_hidden_layers', 12)
  const [first, second, third, fourth] = positiveInts(config, key)
  const poolSizes = positiveInts(config, 'pool_scales', [1, 2, 3, 6])
  for (const size of poolSizes) checkSizes(config.file, { modelImageSide: size })
  if (fourth === undefined || list(config, key).values[4] !== undefined)
    throw configInvalid(config, key, 'a list of four')
  const features = [first!, second!, third!, fourth] as const
  if (features.some((feature) => feature > layers))
    throw configInvalid(config, key, `numbers from 1 to ${layers}`)
  return { classes, features, poolSizes }
}
