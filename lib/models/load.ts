import { abortable, checkSignal } from '../abort.js'
import { SaccadeError, type SaccadeErrorCode } from '../errors.js'
import { type Config, readConfig, readConfigIfAny } from '../files/config.js'
import { type ModelFolder, resolveModel } from '../files/folder.js'
import { hubOptionNames } from '../files/hub/options.js'
import type { HubOptions } from '../files/hub.js'
import { checkFlags, checkOptions } from '../options.js'
import { openSession, type Session, type SessionOptions } from '../runtime/session.js'
import type { AnyModel } from './any.js'
import { architectures } from './architectures.js'
import type { Model } from './model.js'
import { impliedModelTypes } from './model-type.js'
import { configKind, findArchitecture } from './registry.js'

/** Options of {@link load}. */
export interface LoadOptions extends HubOptions, SessionOptions {
  /**
   * Precision of the weights of matrix products: fp32 (default), bf16, fp16, q8. Sums are float32. With q8, and with bf16
   * on processors that multiply it, activations are rounded too. With q8 the first products and the logits stay fp32.
   */
  readonly dtype?: SessionOptions['dtype']
  /**
   * false: the weights are copied into memory, which takes as much more memory as they have bytes. Default true: they are
   * mapped, and a run fails with WEIGHTS_CORRUPT if another process cuts or writes to their file.
   */
  readonly mmap?: boolean | undefined
}

const loadOptionNames = ['device', 'dtype', 'threads', 'mmap', ...hubOptionNames]

/**
 * Opens a published model: a folder, a weights file with its config in the same folder, or the name of a model on the
 * Hub. The config determines the family; `load<Vit>(dir)` returns the types of a known one. Weights are mapped into
 * memory, and packed at the first run. A config without model_type is read as what its class or its keys imply, and of
 * config.json and open_clip_config.json the one is taken that fits the weights.
 * @throws FILE_NOT_FOUND, CONFIG_INVALID, ARCHITECTURE_UNSUPPORTED, TENSOR_MISSING, TENSOR_UNEXPECTED, SHAPE_MISMATCH,
 *   WEIGHTS_CORRUPT, PICKLE_FORBIDDEN, LIMIT_EXCEEDED, DEVICE_UNAVAILABLE, OPTION_INVALID, OPTION_UNKNOWN, ABORTED; for a
 *   model on the Hub also DOWNLOAD_FAILED, CACHE_UNWRITABLE
 */
export async function load<M extends Model = AnyModel>(
  model: string | URL,
  options: LoadOptions = {},
): Promise<M> {
  const { device, dtype, threads, mmap = true, ...hub } = checkOptions(options, loadOptionNames, 'load')
  checkFlags(options, ['mmap'], 'load')
  checkSignal(hub.signal)
  const session = openSession({ device, dtype, threads })
  // Stops by itself when the signal fires, and first removes what is half written.
  const folder = await resolveModel(model, hub)
  const opened = await abortable(
    hub.signal,
    () => openFolder(folder, session, mmap),
    (late) => late.dispose(),
  )
  return opened as M
}

function openFolder({ dir, weights }: ModelFolder, session: Session, mmap: boolean): Promise<Model> {
  return openFitting(configsOf(dir), async (config) => {
    const kind = configKind(config)
    const architecture = findArchitecture(architectures, kind, config.file)
    return architecture.open({ dir, weights, config, kind, session, mmap })
  })
}

/** What the folder's configs can mean, the most likely first. @throws FILE_NOT_FOUND if it has none */
async function* configsOf(dir: string): AsyncGenerator<Config> {
  const own = await readConfigIfAny(dir, 'config.json')
  if (own) yield* withModelType(own)
  const openClip = await readConfigIfAny(dir, 'open_clip_config.json')
  if (openClip) yield openClip
  else if (!own) yield await readConfig(dir, 'config.json')
}

function withModelType(config: Config): readonly Config[] {
  const { values } = config
  if ([values.model_type, values.architecture].some((name) => typeof name === 'string')) return [config]
  const types = impliedModelTypes(config)
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
async function openFitting(
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
