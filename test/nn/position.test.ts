import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { SaccadeError } from '../../lib/errors.js'
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

for (const convention of positionResizes.filter((name) => name !== 'fixed'))
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
  for (const convention of ['hf-bicubic', 'timm', 'dino-offset'] as const)
    results.set(convention, await resizePositions(tensor, grid, convention).data())
  const [hf, timm, dino] = [...results.values()] as [Float32Array, Float32Array, Float32Array]
  for (const [a, b] of [
    [hf, timm],
    [hf, dino],
    [timm, dino],
  ] as const)
    assert.ok(largestDifference(a, b) > 1e-3)
})

test('a fixed table keeps its size, and takes no other', () => {
  const table = Tensor.zeros([1, 3, 3, 2])
  assert.is(resizePositions(table, [3, 3], 'fixed'), table)
  assert.throws(
    () => resizePositions(table, [3, 4], 'fixed'),
    (error: SaccadeError) => error.code === 'SHAPE_MISMATCH' && error.message.includes('3x4'),
  )
})

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.is(a.length, b.length)
  return Math.max(...Array.from({ length: a.length }, (_, index) => Math.abs(a[index]! - b[index]!)))
}

test.run()
