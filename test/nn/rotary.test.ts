import { test } from 'uvu'
import { RotaryPositions, Rotation } from '../../lib/nn/rotary.js'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { sameBits } from '../models/bits.js'
import { at, fill, map, Random, range, tensor } from '../ops/reference.js'
import { assertModule } from './random-modules.js'
import { rotaryAngles, rotate } from './reference.js'

const [B, H, N, D] = [2, 3, 7, 12]

for (const layout of ['halves', 'interleaved'] as const)
  for (const width of [D, 4])
    test(`${layout}, ${width} of ${D} features`, async () => {
      const x = new Random(1).numbers([B, H, N, D])
      const rotary = new RotaryPositions({ positions: 20, width, base: 10000, layout })
      const first = rotary.first(N)
      await assertModule(first.apply(tensor(x)), rotate(x, rotaryAngles(range(N), width, 10000), layout), 'x')
      const positions = [19, 3, 3, 0, 7, 11, 4]
      const there = rotary.at(Tensor.from(positions, [N], 'int32'))
      await assertModule(
        there.apply(tensor(x)),
        rotate(x, rotaryAngles(positions, width, 10000), layout),
        'there',
      )
      const same = rotary.at(Tensor.from(range(N), [N], 'int32'))
      await sameBits(same.apply(tensor(x)), first.apply(tensor(x)), 'positions 0 to N - 1')
    })

test('positions may differ by sequence', async () => {
  const x = new Random(2).numbers([B, H, N, D])
  const rotary = new RotaryPositions({ positions: 20, width: D, base: 100, layout: 'halves' })
  const positions = [range(N), range(N).map((n) => n + 5)]
  const turned = rotary.at(Tensor.from(positions.flat(), [B, N], 'int32')).apply(tensor(x))
  for (const [b, row] of positions.entries()) {
    const own = fill([1, H, N, D], ([, h, n, d]) => at(x, [b, h!, n!, d!]))
    const one = ops.slice(turned, { axis: 0, start: b, end: b + 1 })
    await assertModule(one, rotate(own, rotaryAngles(row, D, 100), 'halves'), `sequence ${b}`)
  }
})

test('angles may differ by head, and a position may stay as it is', async () => {
  const random = new Random(3)
  const x = random.numbers([B, H, N, D])
  const angles = random.numbers([H, N, D / 2], 3)
  const still = fill([H, N, D / 2], (place) => (place[1] === 0 ? 0 : at(angles, place)))
  const rotation = new Rotation(tensor(map(still, Math.cos)), tensor(map(still, Math.sin)), 'interleaved')
  const turned = rotation.apply(tensor(x))
  for (const h of range(H)) {
    const head = fill([B, 1, N, D], ([b, , n, d]) => at(x, [b!, h, n!, d!]))
    const own = fill([N, D / 2], ([n, i]) => at(still, [h, n!, i!]))
    const one = ops.slice(turned, { axis: 1, start: h, end: h + 1 })
    await assertModule(one, rotate(head, own, 'interleaved'), `head ${h}`)
  }
  const first = { axis: 2, start: 0, end: 1 } as const
  await sameBits(ops.slice(turned, first), ops.slice(tensor(x), first), 'position 0')
})

test('scores depend on the distance of positions alone', async () => {
  const random = new Random(4)
  const [q, k] = [random.numbers([1, 1, 1, D]), random.numbers([1, 1, 1, D])]
  const rotary = new RotaryPositions({ positions: 64, width: D, base: 10000, layout: 'interleaved' })
  const score = async (i: number, j: number) => {
    const place = (n: number) => rotary.at(Tensor.from([n], [1], 'int32'))
    const product = ops.mul(place(i).apply(tensor(q)), place(j).apply(tensor(k)))
    return ops.sum(product, -1)
  }
  const expected = Array.from(await (await score(9, 4)).data())
  for (const shift of [1, 13, 54])
    await assertModule(await score(9 + shift, 4 + shift), { shape: [1, 1, 1], data: expected }, `${shift}`)
})

test.run()
