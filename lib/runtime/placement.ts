import type { Source } from '../graph/node.js'
import { BufferSource } from './memory.js'
import type { DeviceName, NativeBuffer, NativeLayout } from './native.js'
import { fromNative, getRuntime } from './runtime.js'

/**
 * Copies the constants that a program cannot read where they are, off the event loop: those of the host that a program of
 * another device needs, and weights whose layout in their files no program can use. Lets the pages of the files go.
 * Programs share a copy as long as one of them has it.
 * @param copies receives the copies by the keys of their sources; the caller disposes them
 * @throws DEVICE_UNAVAILABLE, OUT_OF_MEMORY, WEIGHTS_CORRUPT
 */
export async function placeConstants(
  copies: Map<string, NativeBuffer>,
  sources: readonly Source[],
  device: DeviceName,
): Promise<void> {
  for (const source of sources) {
    if (!(source instanceof BufferSource) || copies.has(source.key)) continue
    if (!source.layout && source.buffer.device === device) continue
    copies.set(source.key, await sharedCopy(source, device))
  }
}

async function sharedCopy({ key, buffer, layout }: BufferSource, device: DeviceName): Promise<NativeBuffer> {
  const { native } = getRuntime()
  const storeKey = `${device} copy of ${key}`
  const known = native.findConstant(storeKey)
  if (known) return known
  const copy = await copyTo(buffer, device, layout)
  const kept = native.publishConstant(storeKey, copy)
  if (kept !== copy) copy.dispose()
  buffer.forget()
  return kept
}

/**
 * The inputs of a run in memory of its device. `end` releases the copies.
 * @throws as {@link placeConstants}
 */
export async function placeInputs(
  inputs: readonly NativeBuffer[],
  device: DeviceName,
): Promise<{ readonly placed: readonly NativeBuffer[]; readonly end: () => void }> {
  if (inputs.every((input) => input.device === device)) return { placed: inputs, end: () => {} }
  const copies: NativeBuffer[] = []
  const end = () => {
    for (const copy of copies) copy.dispose()
  }
  try {
    const placed: NativeBuffer[] = []
    for (const input of inputs) {
      if (input.device !== device) copies.push(await copyTo(input, device))
      placed.push(input.device === device ? input : copies.at(-1)!)
    }
    return { placed, end }
  } catch (error) {
    end()
    throw error
  }
}

async function copyTo(
  buffer: NativeBuffer,
  device: DeviceName,
  layout?: NativeLayout,
): Promise<NativeBuffer> {
  try {
    return await buffer.copy(device, layout)
  } catch (error) {
    throw fromNative(error)
  }
}
