import { readdir, stat } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { invalid } from '../errors.js'
import { fileError } from './file.js'

/** File names of published weights, in order of preference. */
export const weightFileNames = [
  'model.safetensors',
  'model.safetensors.index.json',
  'open_clip_model.safetensors',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
  'open_clip_pytorch_model.bin',
] as const

/** Extensions of PyTorch checkpoints. */
export const torchExtensions: readonly string[] = ['.pth', '.pt', '.bin', '.ckpt']

export function isTorchFile(path: string): boolean {
  return torchExtensions.includes(extname(path))
}

export function isWeightsFile(path: string): boolean {
  return isTorchFile(path) || path.endsWith('.safetensors') || path.endsWith('.index.json')
}

/**
 * The weights file among the names of a folder: that with a published name, or the one PyTorch checkpoint.
 * @param where the folder, for the error
 * @throws OPTION_INVALID if there are several, and none has a published name
 */
export function weightsIn(names: readonly string[], where: string): string | undefined {
  const usual = weightFileNames.find((name) => names.includes(name))
  if (usual) return usual
  const others = names.filter((name) => isTorchFile(name)).sort()
  if (others.length > 1)
    throw invalid('OPTION_INVALID', where, 'a folder with one checkpoint', others.join(', '))
  return others[0]
}

/**
 * The weights file of a path: the file itself, or the one in the folder.
 * @throws FILE_NOT_FOUND if there is none; OPTION_INVALID if there are several, and none has a published name
 */
export async function findWeights(path: string): Promise<string> {
  const absolute = resolve(path)
  try {
    if (!(await stat(absolute)).isDirectory()) return absolute
    const found = weightsIn(await readdir(absolute), absolute)
    if (found !== undefined) return join(absolute, found)
  } catch (cause) {
    throw fileError(absolute, cause)
  }
  throw invalid('FILE_NOT_FOUND', absolute, `${weightFileNames.join(', ')} or a .pth file`, 'no weights')
}
