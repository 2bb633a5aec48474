import { SaccadeError, shorten } from '../errors.js'
import type { Checkpoint } from './checkpoint.js'
import { WeightReader } from './reader.js'

const listed = 5
/** Modules in a prefix. A name of a hostile file may have millions, and each is a try. */
const mostModules = 8

/**
 * Reads a model whose names may all have a prefix, such as that of the training script's class around it (`model.`,
 * `backbone.`, `base_model.model.`). The names are tried as they are first. If a weight is missing there and is stored
 * under exactly one prefix, the modules of that prefix are tried, the outermost first. Names outside the prefix are
 * unused. If the weight is stored under several prefixes, such as a model and its average, none of them is taken.
 *
 * @param read reads a whole model; its reader is complete when it returns
 * @throws what `read` throws; TENSOR_MISSING naming the prefixes if there are several
 */
export async function underPrefix<T>(
  checkpoint: Checkpoint,
  read: (reader: WeightReader) => Promise<T>,
): Promise<T> {
  const reader = new WeightReader(checkpoint)
  try {
    return await read(reader)
  } catch (error) {
    if (!isMissing(error)) throw error
    const found = reader.missing.map((name) => prefixesOf(checkpoint, name))
    const [prefix, ...others] = found.find((prefixes) => prefixes.length > 0) ?? []
    if (prefix === undefined || prefix.split('.').length - 1 > mostModules) throw error
    if (others.length > 0) throw ambiguous(checkpoint, [prefix, ...others])
    return readUnder(checkpoint, prefix, read)
  }
}

async function readUnder<T>(
  checkpoint: Checkpoint,
  prefix: string,
  read: (reader: WeightReader) => Promise<T>,
): Promise<T> {
  for (let end = prefix.indexOf('.') + 1; end < prefix.length; end = prefix.indexOf('.', end) + 1) {
    try {
      return await read(new WeightReader(checkpoint.under(prefix.slice(0, end))))
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
  return read(new WeightReader(checkpoint.under(prefix)))
}

/** The prefixes under which a name is stored, each with its dot. */
function prefixesOf(checkpoint: Checkpoint, name: string): string[] {
  const end = `.${name}`
  return checkpoint
    .names()
    .filter((each) => each.endsWith(end))
    .map((each) => each.slice(0, each.length - name.length))
}

function isMissing(error: unknown): error is SaccadeError {
  return error instanceof SaccadeError && error.code === 'TENSOR_MISSING'
}

function ambiguous({ path }: Checkpoint, prefixes: readonly string[]): SaccadeError {
  const shown = prefixes.slice(0, listed).map(shorten).join(', ')
  return new SaccadeError(
    'TENSOR_MISSING',
    `${path} has names of the model under several prefixes: expected one of ${shown}${prefixes.length > listed ? ', …' : ''}`,
  )
}
