import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type PositionResize,
  positionIds,
  positionResizes,
  resizePositions,
  sinusoidalPositions,
  statesAt,
} from '../../lib/nn/position.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { assertClose, assertSame, at, eps, fill, nd, Random, tensor } from '../ops/reference.js'

/** Tables and what the libraries make of them: torch 2.13 for Hugging Face and DINO, timm 1.0.29. */
interface Case {
  readonly old: readonly [number, number]
  readonly grid: readonly [number, number]
  readonly table: readonly number[]
  readonly [convention: string]: readonly number[]
}

const cases: readonly Case[] = JSON.parse(
  readFileSync(new URL('../data/nn/positions.json', import.meta.url), 'utf8'),
)
const bound = 2e-6

for (const convention of positionResizes)
  test(`${convention} resizes as its library does`, async () => {
    let compared = 0
    for (const { old, grid, table, [convention]: want } of cases) {
      if (!want) continue
      const tensor = Tensor.from(table as number[], [1, ...old, 2])
      const got = resizePositions(tensor, grid as [number, number], convention)
      assert.equal([...got.shape], [1, ...grid, 2])
      const worst = largestDifference(await got.data(), want)
      assert.ok(worst < bound, `${old} to ${grid}: off by ${worst}`)
      compared++
    }
    assert.ok(compared >= 5)
  })

test('the conventions differ where a table shrinks', async () => {
  const { old, grid, table } = cases[0]!
  const tensor = Tensor.from(table as number[], [1, ...old, 2])
  const results = new Map<PositionResize, Float32Array>()
  const distinct = ['hf-bicubic', 'timm', 'dino-offset', 'torchvision'] as const
  for (const convention of distinct)
    results.set(convention, await resizePositions(tensor, grid as [number, number], convention).data())
  for (const a of distinct)
    for (const b of distinct)
      if (a !== b) assert.ok(largestDifference(results.get(a)!, results.get(b)!) > 1e-3, `${a} and ${b}`)
})

test('a table of the right size is not resized, except by the rule whose scale is never 1', async () => {
  const table = Tensor.from([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1])
  for (const convention of positionResizes) {
    const kept = resizePositions(table, [3, 3], convention)
    if (convention !== 'dino-offset') assert.is(kept, table)
    else assert.ok(largestDifference(await kept.data(), await table.data()) > 1e-2)
  }
})

test('sinusoidal positions, in both layouts and for odd widths', async () => {
  for (const width of [8, 7]) {
    const half = Math.ceil(width / 2)
    const angle = (place: number, pair: number) => place / 10000 ** ((2 * pair) / width)
    const interleaved = fill([50, width], ([place, column]) => {
      const turned = angle(place!, Math.floor(column! / 2))
      return column! % 2 === 0 ? Math.sin(turned) : Math.cos(turned)
    })
    const halves = fill([50, width], ([place, column]) => {
      const turned = angle(place!, column! % half)
      return column! < half ? Math.sin(turned) : Math.cos(turned)
    })
    await assertClose(sinusoidalPositions(50, width, 'interleaved'), interleaved, eps, `interleaved ${width}`)
    await assertClose(sinusoidalPositions(50, width, 'halves'), halves, eps, `halves ${width}`)
  }
})

test('the state at one position of each sequence', async () => {
  const x = new Random(1).numbers([3, 4, 5])
  const places = [3, 0, 2]
  const expected = fill([3, 5], ([row, column]) => at(x, [row!, places[row!]!, column!]))
  await assertSame(statesAt(tensor(x), Tensor.from(places, [3], 'int32')), expected, 'states')
})

test('position ids count from 0', () => assertSame(positionIds(4), nd([4], [0, 1, 2, 3]), 'ids'))

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.is(a.length, b.length)
  return Math.max(...Array.from({ length: a.length }, (_, index) => Math.abs(a[index]! - b[index]!)))
}

test.run()
