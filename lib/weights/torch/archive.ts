import { shorten } from '../../errors.js'
import type { SourceFile } from '../../files/file.js'
import { checkLimit } from '../../limits.js'
import type { TensorEntry } from '../entry.js'
import { unpickle } from '../pickle/unpickle.js'
import { locateTensors } from './locate.js'
import { torchObjects } from './objects.js'
import type { StateDictSelector } from './state-dict.js'
import type { TorchStorage } from './storage.js'
import { readZipDirectory, readZipEntry, type ZipEntry, zipDataOffset } from './zip.js'

/** A checkpoint as torch.save writes it since PyTorch 1.6: a zip archive of a pickle and the storages. */
export async function readArchive(file: SourceFile, select: StateDictSelector): Promise<TensorEntry[]> {
  const entries = await readZipDirectory(file)
  const root = findRoot(file, entries)
  const pickle = entries.get(`${root}data.pkl`)!
  checkLimit('weightsHeaderBytes', pickle.byteLength, `${file.path}: bytes of ${pickle.name}`)
  await checkByteOrder(file, entries.get(`${root}byteorder`))

  const fail = (problem: string): never => file.corrupt(`${pickle.name} is not a checkpoint: ${problem}`)
  const found = await unpickle(await readZipEntry(file, pickle), {
    what: `${file.path}: ${pickle.name}`,
    ...torchObjects(file.path, fail),
  })
  if (!found) return fail('it ends in the middle of an instruction')

  const starts = new Map<string, number>()
  return locateTensors(file.path, select(found.value, file.path), async (storage, name) => {
    const start = starts.get(storage.key) ?? (await storageOffset(file, entries, root, storage, name))
    starts.set(storage.key, start)
    return start
  })
}

function findRoot(file: SourceFile, entries: ReadonlyMap<string, ZipEntry>): string {
  const roots = [...entries.keys()].flatMap((name) => /^([^/]+\/)data\.pkl$/.exec(name)?.[1] ?? [])
  if (roots.length !== 1)
    file.corrupt(`a PyTorch checkpoint has one data.pkl, this archive has ${roots.length}`)
  const root = roots[0]!
  if (entries.has(`${root}constants.pkl`))
    file.corrupt('a TorchScript program, not a checkpoint: save the state_dict() of the model')
  return root
}

async function checkByteOrder(file: SourceFile, entry: ZipEntry | undefined): Promise<void> {
  if (!entry) return // before PyTorch 2.1
  if (entry.byteLength > 16) file.corrupt(`${entry.name} is ${entry.byteLength} bytes long`)
  const order = Buffer.from(await readZipEntry(file, entry)).toString('latin1')
  if (order !== 'little')
    file.corrupt(`its byte order is ${JSON.stringify(order)}; only little endian is read`)
}

async function storageOffset(
  file: SourceFile,
  entries: ReadonlyMap<string, ZipEntry>,
  root: string,
  storage: TorchStorage,
  name: string,
): Promise<number> {
  const { key, byteLength } = storage
  const entry = entries.get(`${root}data/${key}`)
  if (!entry)
    return file.corrupt(`${shorten(name)} is in storage ${shorten(key)}, which the archive does not have`)
  if (entry.byteLength !== byteLength)
    file.corrupt(
      `${shorten(entry.name)} has ${entry.byteLength} bytes, not the ${byteLength} of ${storage.type}`,
    )
  return zipDataOffset(file, entry)
}
