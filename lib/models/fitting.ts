import { join } from 'node:path'
import { SaccadeError, type SaccadeErrorCode } from '../errors.js'
import { type Config, readConfigIfAny } from '../files/config.js'
import type { Model } from './model.js'
import { impliedModelTypes } from './model-type.js'
import type { Architecture } from './registry.js'

/** What the folder's configs can mean, the most likely first. @throws FILE_NOT_FOUND if it has none */
export async function* configsOf(dir: string, families: readonly Architecture[]): AsyncGenerator<Config> {
  const own = await readConfigIfAny(dir, 'config.json')
  if (own) yield* withModelType(own, families)
  const openClip = await readConfigIfAny(dir, 'open_clip_config.json')
  if (openClip) yield openClip
  else if (!own) throw configMissing(dir)
}

/** Some libraries publish weights alone: their users have to write the config. */
function configMissing(dir: string): SaccadeError {
  const example = '{ "library": "torchvision", "architecture": "resnet50" }'
  return new SaccadeError(
    'FILE_NOT_FOUND',
    `${join(dir, 'config.json')} does not exist; weights without a config need one beside them, such as ${example}`,
  )
}

function withModelType(config: Config, families: readonly Architecture[]): readonly Config[] {
  const { values } = config
  if ([values.model_type, values.architecture].some((name) => typeof name === 'string')) return [config]
  const types = impliedModelTypes(config, families)
  return types.length === 0
    ? [config]
    : types.map((model_type) => ({ ...config, values: { ...values, model_type } }))
}

/** Codes of the errors for weights that belong to another config. */
const misfits: readonly SaccadeErrorCode[] = [
  ...(['CONFIG_INVALID', 'ARCHITECTURE_UNSUPPORTED', 'SHAPE_MISMATCH'] as const),
  ...(['TENSOR_MISSING', 'TENSOR_UNEXPECTED'] as const),
]

/**
 * Opens a model by the first config that fits its weights.
 * @throws if none fits, the error of the first one whose architecture is supported
 */
export async function openFitting(
  configs: AsyncIterable<Config>,
  open: (config: Config) => Promise<Model>,
): Promise<Model> {
  const errors: SaccadeError[] = []
  for await (const config of configs)
    try {
      return await open(config)
    } catch (error) {
      if (!(error instanceof SaccadeError) || !misfits.includes(error.code)) throw error
      errors.push(error)
    }
  throw errors.find(({ code }) => code !== 'ARCHITECTURE_UNSUPPORTED') ?? errors[0]!
}
