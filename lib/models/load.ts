import { readConfig, readConfigIfAny } from '../files/config.js'
import { resolveModel } from '../files/folder.js'
import type { HubOptions } from '../files/hub.js'
import { checkOptions } from '../options.js'
import { openSession, type SessionOptions } from '../runtime/session.js'
import type { AnyModel } from './any.js'
import { architectures } from './architectures.js'
import type { Model } from './model.js'
import { configKind, findArchitecture } from './registry.js'

/** Options of {@link load}. */
export interface LoadOptions extends HubOptions, SessionOptions {
  /**
   * How weights of matrix products are stored: fp32 (default), bf16, fp16, q8. Sums stay float32; with q8, and with bf16
   * where the processor multiplies it, what meets the weights is rounded too. Logits and what reads pixels keep fp32 in q8.
   */
  readonly dtype?: SessionOptions['dtype']
}

const loadOptionNames = [
  ...['device', 'dtype', 'threads'],
  ...['revision', 'endpoint', 'cacheDir', 'localFilesOnly', 'progress', 'signal'],
]

/**
 * Opens a model as published: a folder, a weights file with its config beside it, or the name of a model on the Hub.
 * What it is, its config says; who knows it can say so, too: `load<Vit>(dir)` has the types of that family. Weights are mapped, not read; they are packed at the first run.
 * @throws FILE_NOT_FOUND, CONFIG_INVALID, ARCHITECTURE_UNSUPPORTED, TENSOR_MISSING, TENSOR_UNEXPECTED, SHAPE_MISMATCH,
 *   WEIGHTS_CORRUPT, PICKLE_FORBIDDEN, DEVICE_UNAVAILABLE, OPTION_INVALID, OPTION_UNKNOWN, ABORTED
 */
export async function load<M extends Model = AnyModel>(
  model: string | URL,
  options: LoadOptions = {},
): Promise<M> {
  checkOptions(options, loadOptionNames, 'load')
  const { device, dtype, threads, ...hub } = options
  const session = openSession({ device, dtype, threads })
  const { dir, weights } = await resolveModel(model, hub)
  const config =
    (await readConfigIfAny(dir, 'open_clip_config.json')) ?? (await readConfig(dir, 'config.json'))
  const kind = configKind(config)
  const architecture = findArchitecture(architectures, kind, config.file)
  return (await architecture.open({ dir, weights, config, kind, session })) as M
}
