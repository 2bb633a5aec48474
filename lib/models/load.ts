import { join } from 'node:path'
import { abortable, checkSignal } from '../abort.js'
import { type ModelFolder, resolveModel } from '../files/folder.js'
import { hubOptionNames } from '../files/hub/options.js'
import type { HubOptions } from '../files/hub.js'
import { namedWeights } from '../files/named-weights.js'
import { checkFlags, checkOptions } from '../options.js'
import { openSession, type Session, type SessionOptions } from '../runtime/session.js'
import type { AnyModel } from './any.js'
import { architectures } from './architectures.js'
import { configsOf, openFitting } from './fitting.js'
import type { Model } from './model.js'
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
 * config.json and open_clip_config.json the one is taken that fits the weights. Weights that config.json names
 * (`transformers_weights`) come before those with a usual name.
 * @throws FILE_NOT_FOUND, CONFIG_INVALID, ARCHITECTURE_UNSUPPORTED, TENSOR_MISSING, TENSOR_UNEXPECTED, SHAPE_MISMATCH,
 *   WEIGHTS_CORRUPT, PICKLE_FORBIDDEN, LIMIT_EXCEEDED, DEVICE_UNAVAILABLE, OPTION_INVALID, OPTION_UNKNOWN, ABORTED; for
 *   a model on the Hub also DOWNLOAD_FAILED, CACHE_UNWRITABLE
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
  return openFitting(configsOf(dir, architectures), (config) => {
    const kind = configKind(config)
    const architecture = findArchitecture(architectures, kind, config.file)
    const named = weights === dir ? namedWeights(config) : undefined
    const path = named === undefined ? weights : join(dir, named)
    return architecture.open({ dir, weights: path, config, kind, session, mmap })
  })
}
