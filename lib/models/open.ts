import type { Checkpoint, CheckpointOptions } from '../weights/checkpoint.js'
import { openCheckpoint } from '../weights/checkpoint.js'
import { WeightReader } from '../weights/reader.js'
import type { OpenRequest } from './registry.js'

/**
 * Opens the weights of a model, lets `build` take what it needs, and checks that nothing is left over.
 * If that fails, no file stays mapped.
 */
export async function withWeights<T>(
  request: OpenRequest,
  options: CheckpointOptions,
  build: (reader: WeightReader, checkpoint: Checkpoint) => T,
): Promise<T> {
  const checkpoint = await openCheckpoint(request.weights, options)
  try {
    const reader = new WeightReader(checkpoint)
    const built = build(reader, checkpoint)
    reader.finish()
    return built
  } catch (error) {
    checkpoint.dispose()
    throw error
  }
}
