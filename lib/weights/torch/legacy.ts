import { shorten } from '../../errors.js'
import type { SourceFile } from '../../files/file.js'
import { checkLimit, getLimits } from '../../limits.js'
import type { TensorEntry } from '../entry.js'
import { unpickle } from '../pickle/unpickle.js'
import { Opaque, type Pickled } from '../pickle/value.js'
import { locateTensors } from './locate.js'
import { torchObjects } from './objects.js'
import type { StateDictSelector } from './state-dict.js'
import { StorageView, TorchStorage } from './storage.js'

const magic = 0x1950a86a20f9469cfc6cn
const protocol = 1001
/** Pickles of common models fit in it. */
const firstBytes = 1 << 18

/**
 * A checkpoint as torch.save wrote it before PyTorch 1.6: five pickles (a magic number, a version, facts of the machine,
 * the object, the keys of its storages), and the storages in the order of the keys, each with its length before it.
 * Source: `_legacy_save` and `_legacy_load` of torch/serialization.py.
 */
export async function readLegacy(file: SourceFile, select: StateDictSelector): Promise<TensorEntry[]> {
  const pickles = new Pickles(file)
  if ((await pickles.next('the magic number')) !== magic)
    file.corrupt('a pickle, but not one of torch.save: expected a PyTorch checkpoint')
  const version = await pickles.next('the version')
  if (version !== protocol) file.corrupt(`its format is of version ${String(version)}, not ${protocol}`)
  checkMachine(file, await pickles.next('the facts of the machine'))
  const value = await pickles.next('the object')
  const keys = await pickles.next('the keys of the storages')
  if (!Array.isArray(keys)) return file.corrupt('the keys of its storages are not a list')
  const starts = await findStorages(file, pickles, keys)
  return locateTensors(
    file.path,
    select(value, file.path),
    ({ key }, name) =>
      starts.get(key) ??
      file.corrupt(`${shorten(name)} is in storage ${shorten(key)}, which the file does not have`),
  )
}

function checkMachine(file: SourceFile, facts: Pickled): void {
  if (!(facts instanceof Map)) file.corrupt('its facts of the machine are not a dict')
  if (facts.get('little_endian') !== true)
    file.corrupt('written on a big-endian machine; only little endian is read')
}

/** Offsets of the data of all storages. @throws WEIGHTS_CORRUPT if the lengths are not those in the pickle */
async function findStorages(
  file: SourceFile,
  { end, storages }: Pickles,
  keys: readonly Pickled[],
): Promise<Map<string, number>> {
  checkLimit('tensors', keys.length, `${file.path}: storages`)
  const starts = new Map<string, number>()
  let at = end
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined
    if (!storage || starts.has(storage.key))
      return file.corrupt('the keys of its storages are not those in the pickle')
    const what = `storage ${shorten(storage.key)}`
    const length = await file.read(at, 8, `the length of ${what}`)
    const stored = new DataView(length.buffer, length.byteOffset).getBigUint64(0, true)
    if (stored !== BigInt(storage.length))
      file.corrupt(`${what} has ${stored} elements, not ${storage.length}`)
    starts.set(storage.key, at + 8)
    at += 8 + storage.byteLength
    if (at > file.size) file.corrupt(`truncated: ${what} ends at byte ${at}, the file has ${file.size}`)
  }
  return starts
}

/** The pickles at the beginning of a file, one after the other, and the storages that they name. */
class Pickles {
  readonly storages = new Map<string, TorchStorage>()
  /** Offset of the next pickle. */
  end = 0
  readonly #file: SourceFile

  constructor(file: SourceFile) {
    this.#file = file
  }

  /** Where a pickle ends is known only when it is read, so longer and longer pieces of the file are tried. */
  async next(what: string): Promise<Pickled> {
    const file = this.#file
    const fail = (problem: string): never =>
      file.corrupt(`${what} is not as torch.save writes it: ${problem}`)
    const objects = torchObjects(file.path, fail)
    const options = {
      ...objects,
      what: `${file.path}: ${what}`,
      persistent: (id: Pickled) => this.#record(fail, objects.persistent(id)),
    }
    const most = Math.min(file.size - this.end, getLimits().weightsHeaderBytes)
    for (let length = Math.min(firstBytes, most); ; length = Math.min(4 * length, most)) {
      const found = await unpickle(await file.read(this.end, length, what), options)
      if (found) {
        this.end += found.end
        return found.value
      }
      if (length < most) continue
      checkLimit('weightsHeaderBytes', file.size - this.end, `${options.what}: bytes`)
      return fail('it ends in the middle of an instruction')
    }
  }

  #record(fail: (problem: string) => never, object: Pickled): Pickled {
    if (object instanceof Opaque) return fail(`a storage of the unknown type ${shorten(object.name)}`)
    const storage = object instanceof StorageView ? object.storage : object
    if (!(storage instanceof TorchStorage)) return object
    const other = this.storages.get(storage.key)
    if (other && (other.type !== storage.type || other.length !== storage.length))
      return fail(`storage ${shorten(storage.key)} has two types or lengths`)
    this.storages.set(storage.key, storage)
    return object
  }
}
