import { formatShape, sameShape } from '../../graph/shape.js'
import type { Tensor } from '../../tensor/tensor.js'
import type { ExpectedOutput } from './golden.js'

/** How one output agrees with the reference. */
export interface OutputReport {
  readonly name: string
  readonly shape: readonly number[]
  /** Largest |got - want|; for integers, how many differ. */
  readonly absolute: number
  /** The same over max(1, largest |want|), which the tolerance bounds. */
  readonly relative: number
  readonly pass: boolean
  /** Why it cannot agree at all: missing, another shape or type. */
  readonly problem?: string
}

/** An output agrees when max |got - want| <= tolerance * max(1, max |want|); integers must be equal. */
export async function compareOutput(
  name: string,
  got: Tensor | undefined,
  want: ExpectedOutput,
  tolerance: number,
): Promise<OutputReport> {
  const failed = (problem: string) => ({
    ...{ name, shape: want.shape, pass: false, problem },
    ...{ absolute: Number.NaN, relative: Number.NaN },
  })
  if (!got) return failed('the model does not give it')
  if (!sameShape(got.shape, want.shape))
    return failed(`shape ${formatShape(got.shape)} instead of ${formatShape(want.shape)}`)
  const data = await got.data()
  const integers = want.data instanceof BigInt64Array
  if (integers !== got.dtype.startsWith('int'))
    return failed(`${got.dtype} instead of ${integers ? 'int64' : 'float32'}`)
  let absolute = 0
  let largest = 1
  for (let index = 0; index < data.length; index++) {
    const [left, right] = [Number(data[index]), Number(want.data[index])]
    largest = Math.max(largest, Math.abs(right))
    if (Object.is(left, right) || left === right) continue
    absolute = integers ? absolute + 1 : worst(absolute, Math.abs(left - right))
  }
  const relative = absolute / largest
  return {
    name,
    shape: want.shape,
    absolute,
    relative,
    pass: integers ? absolute === 0 : relative <= tolerance,
  }
}

/** The larger; NaN, which agrees with nothing, is worse than any number. */
function worst(a: number, b: number): number {
  return Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : Math.max(a, b)
}
