import {
  type Config,
  configInvalid,
  getter,
  isSet,
  optional,
  positiveInt,
  string,
} from '../../files/config.js'
import type { ImageSpec } from '../spec.js'
import { classOfModelType, processorClasses } from './classes.js'
import { geometryOf } from './geometry.js'
import { black, deviations, flag, means, notNull } from './values.js'

/**
 * An image processor of transformers (preprocessor_config.json, also of the older feature extractors): the preprocessing
 * of its class with the Pillow backend, which has defaults of its own for absent keys.
 * @param modelType the `model_type` of config.json, for configs that name no class
 * @throws CONFIG_INVALID
 */
export function transformersSpec(config: Config, modelType: string | undefined): ImageSpec {
  const name = className(config, modelType)
  const defaults = processorClasses[name]!
  const { resize, crop, patches } = geometryOf(name, config, defaults)
  checkPadding(name, config)
  const normalizes = flag(config, 'do_normalize', true)
  if (normalizes) for (const key of ['image_mean', 'image_std']) notNull(config, key)
  const std = () => deviations(config, 'image_std', defaults.normalize.std)
  const normalize = normalizes
    ? { mean: means(config, 'image_mean', defaults.normalize.mean), std: std() }
    : undefined
  const efficientNet = name === 'EfficientNet'
  const offset = efficientNet && flag(config, 'rescale_offset', false) ? -1 : 0
  const rescale = flag(config, 'do_rescale', true)
    ? { scale: factor(config, notNull(config, 'rescale_factor'), 1 / 255), offset }
    : undefined
  // With include_top, EfficientNet divides by the standard deviation a second time.
  const twice = efficientNet && flag(config, 'include_top', true)
  const padTo = name === 'DPT' ? padding(config) : undefined
  const values = { rescale, normalize: twice ? dividedTwice(normalize, std()) : normalize }
  const floats = name === 'DINOv3ViT' && resizesFloats(config, { resize, crop, rescale })
  return { resize, crop, patches, ...values, padTo, ...(floats && { floats }) }
}

/**
 * Whether values are resized as floats: the only backend of this processor is torchvision.
 * @throws CONFIG_INVALID for steps that are not supported with it
 */
function resizesFloats(
  config: Config,
  { resize, crop, rescale }: Pick<ImageSpec, 'resize' | 'crop' | 'rescale'>,
): boolean {
  if (crop) throw configInvalid(config, 'do_center_crop', 'false for DINOv3ViTImageProcessor')
  if (!resize) return false
  if (!rescale) throw configInvalid(config, 'do_rescale', 'true for DINOv3ViTImageProcessor')
  if (resize.to !== 'size') throw configInvalid(config, 'size', 'an object with height and width')
  if (!['bilinear', 'bicubic'].includes(resize.filter))
    throw configInvalid(config, 'resample', '2 (bilinear) or 3 (bicubic)')
  return true
}

const factor = getter(
  'a finite number other than 0',
  (value): value is number => Number.isFinite(value) && value !== 0,
)

const suffix = /(ImageProcessor(Fast|Pil)?|FeatureExtractor)$/

/** The class, which the config names in one of two keys, or else the model_type implies. */
function className(config: Config, modelType: string | undefined): string {
  const named = ['image_processor_type', 'feature_extractor_type'].find((key) => isSet(config, key))
  const name = named ? string(config, named).replace(suffix, '') : classOfModelType(modelType ?? '')
  if (name !== undefined && Object.hasOwn(processorClasses, name)) return name
  const expected = Object.keys(processorClasses)
    .map((one) => `${one}ImageProcessor`)
    .join(', ')
  const unless = named || modelType ? '' : ', or a config.json with a model_type beside the file'
  throw configInvalid(config, named ?? 'image_processor_type', `one of ${expected}${unless}`)
}

function dividedTwice(normalize: ImageSpec['normalize'], std: readonly number[]): ImageSpec['normalize'] {
  const first = normalize ?? { mean: black, std: [1, 1, 1] }
  return { mean: first.mean, std: first.std.map((value, channel) => value * std[channel]!) }
}

/** Classes with steps of their own, which have no padding to a size. */
const neverPadded = [
  ...['Beit', 'ConvNext', 'DINOv3ViT', 'DPT', 'EfficientNet', 'Flava', 'MobileNetV2', 'Segformer', 'Siglip2'],
]

/** The steps that classes share end with a padding, to the largest picture of a batch or to a size of its own. */
function checkPadding(name: string, config: Config): void {
  if (!neverPadded.includes(name) && flag(config, 'do_pad', false) && isSet(config, 'pad_size'))
    throw configInvalid(config, 'pad_size', 'none, as padding to a size is not supported')
}

/** Sides are padded only if both keys ask for it. */
function padding(config: Config): number | undefined {
  return flag(config, 'do_pad', false) ? optional(positiveInt, config, 'size_divisor') : undefined
}
