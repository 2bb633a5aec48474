import { divisible } from '../divisible.js'
import { checkSizes } from '../sizes.js'
import type { BitSpec, BitStageSpec } from './spec.js'

/** The stages of these widths and depths. One that would go beyond the output stride is dilated instead. */
export function bitStages(
  depths: readonly number[],
  widths: readonly number[],
  outputStride: number,
): BitStageSpec[] {
  let [reached, dilation] = [4, 1]
  return depths.map((depth, index) => {
    let stride = index === 0 ? 1 : 2
    if (reached >= outputStride) {
      dilation *= stride
      stride = 1
    }
    reached *= stride
    return { width: divisible(widths[index]!, 8), depth, stride, dilation }
  })
}

/** @throws LIMIT_EXCEEDED for a spec that is too large */
export function checkBitSizes(file: string, { stem, stages }: BitSpec): void {
  const layers = stages.map(({ depth }) => depth)
  checkSizes(file, { layers, width: [stem.width, ...stages.map(({ width }) => width)] })
}
