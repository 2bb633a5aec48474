import { parameter } from '../../nn/linear.js'
import {
  AxialRotary,
  type GridRotary,
  MixedRotary,
  patchCentres,
  patchNumbers,
} from '../../nn/rotary-grid.js'
import type { WeightReader } from '../../weights/reader.js'
import type { RotarySpec, VitSpec } from './spec.js'

/** Makes the rotary positions of a spec. @param frequencies name of the learned ones */
export function readRotary(
  reader: WeightReader,
  { width, heads, depth }: VitSpec,
  spec: RotarySpec,
  frequencies: string,
): GridRotary {
  const headWidth = width / heads
  switch (spec.kind) {
    case 'centres':
      return new AxialRotary({ ...spec, width: headWidth, coordinate: patchCentres, first: 'rows' })
    case 'numbers': {
      const { base, first, offset, reference } = spec
      const coordinate = patchNumbers(offset, reference)
      return new AxialRotary({ width: headWidth, base, layout: 'interleaved', coordinate, first })
    }
    case 'mixed':
      return new MixedRotary(parameter(reader, frequencies, [2, depth, heads, headWidth / 2]), spec.first)
  }
}
