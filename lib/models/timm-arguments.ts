import {
  type Config,
  configInvalid,
  isSet,
  nonNegativeInt,
  object,
  oneOf,
  positiveInts,
} from '../files/config.js'
import type { GlobalPooling } from '../nn/pooling.js'
import type { WeightReader } from '../weights/reader.js'
import { storedClasses } from './timm-wrapper.js'

/** Arguments that have no effect on a trained model. */
const training = /drop\w*_rate$|^(zero_init_last|weight_init|device|dtype|pretrained_strict)$/
const common = ['in_chans', 'num_classes', 'global_pool', 'img_size']

/**
 * The arguments of timm's class, resolved as in timm: model_args take precedence over those that the architecture name
 * implies, and these over pretrained_cfg.
 * @param known names of the arguments that are read, besides those of every class
 * @throws CONFIG_INVALID naming an argument that is not known
 */
export function timmArguments(
  config: Config,
  implied: Readonly<Record<string, unknown>>,
  known: readonly string[],
): Config {
  const given = isSet(config, 'model_args') ? object(config, 'model_args') : { ...config, values: {} }
  const names = [...common, ...known]
  for (const key of Object.keys(given.values))
    if (isSet(given, key) && !names.includes(key) && !training.test(key))
      throw configInvalid(given, key, `no such argument (supported are ${names.join(', ')})`)
  const pretrained = pretrainedOf(config)
  const values = {
    in_chans: timmInputSize(config)?.[0],
    num_classes: config.values.num_classes ?? config.values.num_labels ?? pretrained.values.num_classes,
    global_pool: pretrained.values.global_pool,
    ...implied,
    ...given.values,
  }
  return { ...given, values }
}

/** The pretrained_cfg of a config; older configs have its keys at their root. */
function pretrainedOf(config: Config): Config {
  return isSet(config, 'pretrained_cfg') ? object(config, 'pretrained_cfg') : config
}

/** Channels, height and width of the images that a model was trained on. @throws CONFIG_INVALID */
export function timmInputSize(config: Config): readonly [number, number, number] | undefined {
  const source = pretrainedOf(config)
  if (!isSet(source, 'input_size')) return undefined
  const [channels, height, width, ...more] = positiveInts(source, 'input_size')
  if (channels === undefined || height === undefined || width === undefined || more.length > 0)
    throw configInvalid(source, 'input_size', 'channels, height and width')
  return [channels, height, width]
}

/** Number of classes of the model that is stored. @param classifier name of its module */
export function timmClasses(config: Config, args: Config, reader: WeightReader, classifier: string): number {
  const classes = storedClasses(config, nonNegativeInt(args, 'num_classes', 1000), reader, classifier)
  if (classes === 0) reader.ignore(new RegExp(`^${classifier.replaceAll('.', '\\.')}\\.`), 'num_classes is 0')
  return classes
}

const poolings: Readonly<Record<string, GlobalPooling>> = {
  avg: 'average',
  max: 'max',
  avgmax: 'average-max',
  catavgmax: 'average-and-max',
}

/** The argument global_pool. */
export function timmPooling(args: Config): GlobalPooling {
  return poolings[oneOf(args, 'global_pool', ['avg', 'max', 'avgmax', 'catavgmax'], 'avg')]!
}
