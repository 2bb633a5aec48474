// Whole PyTorch checkpoints: zip archives and the format before PyTorch 1.6.
import { readTorchFile } from '../../../lib/weights/torch/read.js'
import { memoryFile, storedBelow } from '../inputs.js'

export const seeds: readonly Uint8Array[] = storedBelow('weights', /\.(?:pth|pt)$/)

export async function run(bytes: Uint8Array): Promise<void> {
  await readTorchFile(memoryFile('model.pth', bytes))
}
