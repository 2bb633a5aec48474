import type { Source } from '../graph/node.js'
import { BufferSource } from './memory.js'
import type { NativeBuffer, NativeLayout } from './native.js'
import { fromNative, getRuntime } from './runtime.js'

/**
 * Copies the weights whose layout in their files no program can use, off the event loop, and lets the pages of the files
 * go. Programs share a copy as long as one of them has it.
 * @param copies receives the copies by the keys of their sources; the caller disposes them
 * @throws OUT_OF_MEMORY, WEIGHTS_CORRUPT
 */
export async function copyRowMajor(
  copies: Map<string, NativeBuffer>,
  sources: readonly Source[],
): Promise<void> {
  for (const source of sources)
    if (source instanceof BufferSource && source.layout && !copies.has(source.key))
      copies.set(source.key, await rowMajorCopy(source, source.layout))
}

async function rowMajorCopy({ key, buffer }: BufferSource, layout: NativeLayout): Promise<NativeBuffer> {
  const { native } = getRuntime()
  const storeKey = `row-major ${key}`
  const known = native.findConstant(storeKey)
  if (known) return known
  try {
    const copy = await buffer.copy(layout)
    const kept = native.publishConstant(storeKey, copy)
    if (kept !== copy) copy.dispose()
    buffer.forget()
    return kept
  } catch (error) {
    throw fromNative(error)
  }
}
