import { readdir, stat } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { SaccadeError } from '../errors.js'
import { fileError } from './file.js'

/** Names under which libraries publish weights, in order of preference. */
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
 * The weights file that a path stands for: itself, or the one in the folder.
 * @throws FILE_NOT_FOUND when there is none, OPTION_INVALID when there are several and no usual name tells which
 */
export async function findWeights(path: string): Promise<string> {
  const absolute = resolve(path)
  try {
    if (!(await stat(absolute)).isDirectory()) return absolute
    const names = await readdir(absolute)
    const usual = weightFileNames.find((name) => names.includes(name))
    if (usual) return join(absolute, usual)
    const others = names.filter((name) => isTorchFile(name)).sort()
    if (others.length === 1) return join(absolute, others[0]!)
    if (others.length > 1)
      throw new SaccadeError(
        'OPTION_INVALID',
        `${absolute} holds several checkpoints (${others.join(', ')}): give the path of one`,
      )
  } catch (cause) {
    throw fileError(absolute, cause)
  }
  throw new SaccadeError(
    'FILE_NOT_FOUND',
    `${absolute} holds no weights: expected ${weightFileNames.slice(0, 4).join(', ')} or a .pth file`,
  )
}
