import { invalid } from '../../errors.js'
import { checkSizes } from '../sizes.js'
import { gridOf } from './grid.js'
import type { EmbeddingSpec, VitSpec } from './spec.js'

/** Checks that an embedding spec is consistent. @throws CONFIG_INVALID and LIMIT_EXCEEDED naming the file */
export function checkEmbeddingSpec({ image, patch, positions, width }: EmbeddingSpec, file: string): void {
  const [rows, columns] = gridOf(image, patch)
  checkSizes(file, { modelImageSide: image, patches: rows * columns, width })
  if (rows === 0 || columns === 0)
    throw invalid(
      'CONFIG_INVALID',
      `${file}: image size`,
      `at least one patch of ${patch.join('x')}`,
      image.join('x'),
    )
  if (positions && positions.grid[0] * positions.grid[1] !== rows * columns)
    throw invalid(
      'CONFIG_INVALID',
      `${file}: position table`,
      `as many positions as patches, ${rows}x${columns}`,
      positions.grid.join('x'),
    )
}

/** Checks that a spec is consistent. @throws CONFIG_INVALID and LIMIT_EXCEEDED naming the file */
export function checkSpec(spec: VitSpec, file: string): void {
  const { width, depth, heads, prefix, head, rotary } = spec
  const poolingHeads = head.poolingHeads ?? heads
  checkSizes(file, {
    layers: depth,
    heads: [heads, poolingHeads],
    width: [spec.mlp.hidden, head.poolingHidden],
  })
  for (const count of [heads, poolingHeads])
    if (width % count !== 0)
      throw invalid('CONFIG_INVALID', `${file}: width`, `a multiple of the ${count} heads`, String(width))
  if (rotary && (width / heads) % 4 !== 0)
    throw invalid(
      'CONFIG_INVALID',
      `${file}: width of a head`,
      'a multiple of 4 for rotary positions in two dimensions',
      String(width / heads),
    )
  checkEmbeddingSpec(spec, file)
  if (head.pooling.startsWith('class') && !prefix.class)
    throw invalid('CONFIG_INVALID', `${file}: tokens`, `a class token for pooling '${head.pooling}'`, 'none')
  if (head.pooling === 'class-and-distillation' && !prefix.distillation)
    throw invalid(
      'CONFIG_INVALID',
      `${file}: tokens`,
      `a distillation token for pooling '${head.pooling}'`,
      'none',
    )
}
