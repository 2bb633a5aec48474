import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type PositionResize, positionResizes, resizePositions } from '../../lib/nn/position.js'
import { Tensor } from '../../lib/tensor/tensor.js'

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

test('a table of the right size stays as it is, save by the rule whose scale is never one', async () => {
  const table = Tensor.from([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1])
  for (const convention of positionResizes) {
    const kept = resizePositions(table, [3, 3], convention)
    if (convention !== 'dino-offset') assert.is(kept, table)
    else assert.ok(largestDifference(await kept.data(), await table.data()) > 1e-2)
  }
})

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.is(a.length, b.length)
  return Math.max(...Array.from({ length: a.length }, (_, index) => Math.abs(a[index]! - b[index]!)))
}

test.run()
