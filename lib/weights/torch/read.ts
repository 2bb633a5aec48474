import { SourceFile } from '../../files/file.js'
import type { TensorEntry } from '../entry.js'
import { readArchive } from './archive.js'
import { readLegacy } from './legacy.js'
import { type StateDictSelector, selectStateDict } from './state-dict.js'

/** As {@link readTorchFile}, for a path. @throws also FILE_NOT_FOUND */
export async function readTorch(path: string, select?: StateDictSelector): Promise<TensorEntry[]> {
  const file = await SourceFile.open(path)
  try {
    return await readTorchFile(file, select)
  } finally {
    await file.close()
  }
}

/**
 * Reads where the tensors of a PyTorch checkpoint are, in the format of torch.save (a zip archive), or in its format
 * before PyTorch 1.6. The reader of the pickles knows tensors and plain containers, skips everything else, and executes
 * nothing. The data stays in the file, to be mapped.
 *
 * @param select selects the state dict in a nested checkpoint; default: {@link selectStateDict}
 * @throws WEIGHTS_CORRUPT; PICKLE_FORBIDDEN if the selected objects need Python code, or the file names
 *   code that no checkpoint needs; LIMIT_EXCEEDED
 */
export async function readTorchFile(
  file: SourceFile,
  select: StateDictSelector = selectStateDict,
): Promise<TensorEntry[]> {
  const [first] = await file.read(0, Math.min(1, file.size), 'the beginning')
  if (first === 0x80) return readLegacy(file, select)
  await refuseTar(file)
  return readArchive(file, select)
}

/** A tar archive has its name in its first header. */
async function refuseTar(file: SourceFile): Promise<void> {
  const [at, name] = [257, 'ustar']
  if (file.size < at + name.length) return
  const magic = await file.read(at, name.length, 'the beginning')
  if (Buffer.from(magic).toString('latin1') === name)
    file.corrupt('a tar archive, as PyTorch wrote before 0.1.10: load it there and torch.save it again')
}
