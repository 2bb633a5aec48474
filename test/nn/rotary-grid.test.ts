import { test } from 'uvu'
import { AxialRotary, MixedRotary, patchCentres, patchNumbers } from '../../lib/nn/rotary-grid.js'
import * as ops from '../../lib/ops/index.js'
import { sameBits } from '../models/bits.js'
import { at, fill, Random, range, tensor } from '../ops/reference.js'
import { assertModule } from './random-modules.js'
import { rotate } from './reference.js'

const [B, H, D, prefix] = [2, 3, 8, 2]
const grid = [3, 5] as const
const tokens = prefix + grid[0] * grid[1]
const x = new Random(1).numbers([B, H, tokens, D])
const rowOf = (token: number) => Math.floor((token - prefix) / grid[1])
const columnOf = (token: number) => (token - prefix) % grid[1]

for (const layout of ['halves', 'interleaved'] as const)
  for (const first of ['rows', 'columns'] as const)
    test(`axial, ${layout}, ${first} first: prefix tokens are not rotated`, async () => {
      const rotary = new AxialRotary({ width: D, base: 100, layout, coordinate: patchCentres, first })
      const angles = fill([tokens, D / 2], ([n, pair]) => {
        if (n! < prefix) return 0
        const centres = [((rowOf(n!) + 0.5) / 3) * 2 - 1, ((columnOf(n!) + 0.5) / 5) * 2 - 1]
        const axis = Number(pair! >= 2 === (first === 'rows'))
        return (2 * Math.PI * centres[axis]!) / 100 ** ((pair! % 2) / 2)
      })
      const turned = rotary.rotations(grid, prefix)().apply(tensor(x))
      await assertModule(turned, rotate(x, angles, layout), 'x')
      const front = { axis: 2, start: 0, end: prefix } as const
      await sameBits(ops.slice(turned, front), ops.slice(tensor(x), front), 'prefix')
    })

test('numbers of patches span the reference grid', async () => {
  const coordinate = patchNumbers(1, [6, 4])
  const options = { width: D, base: 10000, layout: 'interleaved', coordinate, first: 'columns' } as const
  const angles = fill([tokens, D / 2], ([n, pair]) => {
    if (n! < prefix) return 0
    const number = pair! < 2 ? ((columnOf(n!) + 1) / 5) * 4 : ((rowOf(n!) + 1) / 3) * 6
    return number / 10000 ** ((pair! % 2) / 2)
  })
  const turned = new AxialRotary(options).rotations(grid, prefix)().apply(tensor(x))
  await assertModule(turned, rotate(x, angles, 'interleaved'), 'x')
})

test('mixed: each layer and head has frequencies for both axes', async () => {
  const frequencies = new Random(2).numbers([2, 2, H, D / 2])
  const rotary = new MixedRotary(tensor(frequencies), 'columns')
  for (const layer of range(2)) {
    const turned = rotary.rotations(grid, prefix)(layer).apply(tensor(x))
    for (const h of range(H)) {
      const own = fill([B, 1, tokens, D], ([b, , n, d]) => at(x, [b!, h, n!, d!]))
      const angles = fill([tokens, D / 2], ([n, pair]) => {
        const frequency = (axis: number) => at(frequencies, [axis, layer, h, pair!])
        return n! < prefix ? 0 : columnOf(n!) * frequency(0) + rowOf(n!) * frequency(1)
      })
      const one = ops.slice(turned, { axis: 1, start: h, end: h + 1 })
      await assertModule(one, rotate(own, angles, 'interleaved'), `layer ${layer}, head ${h}`)
    }
  }
})

test.run()
