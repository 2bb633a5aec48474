import { SaccadeError } from '../errors.js'
import { SourceFile } from '../files/file.js'
import { formatShape } from '../graph/shape.js'
import { fileDTypeBits, type TensorEntry } from './entry.js'
import { Global, Opaque, type Pickled, unpickle } from './pickle.js'
import { type StateDictSelector, selectStateDict } from './state-dict.js'
import { isContiguous, spanOf, TorchTensor, torchObjects } from './torch-objects.js'
import { readZipDirectory, readZipEntry, type ZipEntry, zipDataOffset } from './zip.js'

const maxPickleBytes = 100_000_000

/**
 * Reads where the tensors of a PyTorch checkpoint are: a zip archive, as torch.save has written it since version 1.6.
 * The reader of its pickle knows tensors and plain containers, skips everything else, and executes nothing. The data
 * stays in the file, to be mapped.
 *
 * @param select selects the state dict in a nested checkpoint; default: {@link selectStateDict}
 * @throws FILE_NOT_FOUND; WEIGHTS_CORRUPT; PICKLE_FORBIDDEN if the selected objects need Python code, or the file names
 *   code that no checkpoint needs
 */
export async function readTorch(
  path: string,
  select: StateDictSelector = selectStateDict,
): Promise<TensorEntry[]> {
  const file = await SourceFile.open(path)
  try {
    await refuseLegacy(file)
    const entries = await readZipDirectory(file)
    const root = findRoot(file, entries)
    const pickle = entries.get(`${root}data.pkl`)!
    if (pickle.byteLength > maxPickleBytes) file.corrupt(`${pickle.name} is ${pickle.byteLength} bytes long`)
    await checkByteOrder(file, entries.get(`${root}byteorder`))

    const fail = (problem: string): never => file.corrupt(`${pickle.name} is not a checkpoint: ${problem}`)
    const value = unpickle(await readZipEntry(file, pickle), { fail, ...torchObjects(path, fail) })
    return await locate(file, entries, root, select(value, path))
  } finally {
    await file.close()
  }
}

async function refuseLegacy(file: SourceFile): Promise<void> {
  const start = await file.read(0, Math.min(2, file.size), 'the beginning')
  if (start[0] === 0x80)
    file.corrupt('written by PyTorch before 1.6, or not a checkpoint: load it there and torch.save it again')
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

async function locate(
  file: SourceFile,
  entries: ReadonlyMap<string, ZipEntry>,
  root: string,
  tensors: ReadonlyMap<string, Pickled>,
): Promise<TensorEntry[]> {
  const starts = new Map<string, number>()
  const result: TensorEntry[] = []
  for (const [name, tensor] of tensors) {
    // Python numbers beside the tensors, such as counters, are not weights.
    if (!(tensor instanceof TorchTensor)) {
      if (tensor instanceof Opaque || tensor instanceof Global)
        throw new SaccadeError(
          'PICKLE_FORBIDDEN',
          `${file.path}: ${name} is a Python object of ${tensor.name}, which the restricted reader does not build`,
        )
      continue
    }
    const { storage, offset, shape } = tensor
    const itemBytes = fileDTypeBits[storage.dtype] / 8
    const entry = entries.get(`${root}data/${storage.key}`)
    if (!entry) return file.corrupt(`${name} is in storage ${storage.key}, which the archive does not have`)
    if (entry.byteLength !== storage.length * itemBytes)
      file.corrupt(`${entry.name} has ${entry.byteLength} bytes, not ${storage.length} of ${storage.dtype}`)
    const span = spanOf(tensor)
    if (span === undefined || offset + span > storage.length)
      file.corrupt(
        `${name} goes past its storage: ${formatShape(shape)} with strides ${formatShape(tensor.strides)} ` +
          `from ${offset}, in ${storage.length} elements`,
      )
    const start = starts.get(storage.key) ?? (await zipDataOffset(file, entry))
    starts.set(storage.key, start)
    result.push({
      name,
      dtype: storage.dtype,
      shape,
      file: file.path,
      offset: start + offset * itemBytes,
      byteLength: span! * itemBytes,
      ...(isContiguous(tensor) ? {} : { strides: tensor.strides }),
    })
  }
  return result
}
