import { openCheckpoint } from '../../lib/weights/checkpoint.js'
import { WeightReader } from '../../lib/weights/reader.js'
import type { Nd } from '../ops/reference.js'
import { safetensorsBytes, withFile } from '../weights/build.js'

/** Calls `use` with a reader of a file that holds these tensors in float32; all of them must be taken. */
export function withReader(
  tensors: Readonly<Record<string, Nd>>,
  use: (reader: WeightReader) => Promise<void>,
): Promise<void> {
  let end = 0
  const header = Object.entries(tensors).map(([name, { shape, data }]) => {
    const start = end
    end += 4 * data.length
    return [name, { dtype: 'F32', shape, data_offsets: [start, end] }]
  })
  const data = Float32Array.from(Object.values(tensors).flatMap((x) => x.data))
  const bytes = safetensorsBytes(Object.fromEntries(header), new Uint8Array(data.buffer))
  return withFile('model.safetensors', bytes, async (file) => {
    using checkpoint = await openCheckpoint(file)
    const reader = new WeightReader(checkpoint)
    await use(reader)
    reader.finish()
  })
}
