import * as assert from 'uvu/assert'
import type { Tensor } from '../../lib/tensor/tensor.js'

/** Elements of a tensor as their bits, so that NaN and the sign of zero count, too. */
export async function bitsOf(tensor: Tensor): Promise<Uint8Array> {
  const data = await tensor.data()
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

/** Fails unless two tensors have the same shape and the same bits. */
export async function sameBits(got: Tensor, want: Tensor, what: string): Promise<void> {
  assert.equal([...got.shape], [...want.shape], `${what}: shapes`)
  const [left, right] = [await bitsOf(got), await bitsOf(want)]
  const first = left.findIndex((byte, index) => byte !== right[index])
  assert.is(first, -1, `${what}: the first difference is in element ${first >> 2} of [${got.shape}]`)
}

/** Fails unless a promise is rejected with a SaccadeError of this code, whose message holds the text. */
export async function rejects(promise: Promise<unknown>, code: string, text: string): Promise<void> {
  try {
    await promise
  } catch (error) {
    const { code: got, message } = error as { code?: string; message: string }
    assert.is(got, code, `${got}: ${message}`)
    assert.ok(message.includes(text), `the message does not name '${text}': ${message}`)
    return
  }
  assert.unreachable(`nothing was thrown, expected ${code}`)
}

/** Numbers that look random and are the same in every run, from -1 to 1. */
export function noise(count: number, seed = 1): Float32Array {
  let state = seed
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  })
}
