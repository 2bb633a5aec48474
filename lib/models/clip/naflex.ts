import { invalid } from '../../errors.js'
import { formatShape, sizesOf } from '../../graph/shape.js'
import { checkLimit } from '../../limits.js'
import { Linear, parameter } from '../../nn/linear.js'
import { asBool, checkMask } from '../../nn/mask.js'
import { requireDType, requireTensor } from '../../ops/check.js'
import * as ops from '../../ops/index.js'
import { resizeMatrix } from '../../ops/resize.js'
import { Tensor } from '../../tensor/tensor.js'
import type { WeightReader } from '../../weights/reader.js'
import type { ContrastiveImages } from '../contrastive.js'
import { gridOf } from '../vit/grid.js'
import type { Size } from '../vit/spec.js'
import type { EmbeddedImages, ImageEmbedding } from './image-embedding.js'
import type { ImageSpec } from './spec.js'

/**
 * The embedding of NaFlex (Tschannen et al. 2025): a linear layer embeds patches, and the square position table is resized
 * to each image's shape, bilinear and antialiased. Padding gets the position of the first patch. The resize is a product
 * with coefficients that are data, so that one program runs images of all shapes.
 */
export class NaflexEmbedding implements ImageEmbedding {
  readonly #patches: Linear
  /** float32 [side * side, width]. */
  readonly #positions: ops.FloatTensor
  readonly #side: number

  constructor(patches: Linear, positions: ops.FloatTensor, side: number) {
    this.#patches = patches
    this.#positions = positions
    this.#side = side
  }

  static read(reader: WeightReader, { vit, names }: ImageSpec): NaflexEmbedding {
    const { channels, patch, width, image } = vit
    const [side] = gridOf(image, patch)
    const patches = Linear.read(reader, names.patches, patch[0] * patch[1] * channels, width)
    return new NaflexEmbedding(patches, parameter(reader, names.positions, [side * side, width]), side)
  }

  async forward(images: ContrastiveImages, interpolate: boolean): Promise<EmbeddedImages> {
    if (interpolate)
      throw invalid(
        'OPTION_INVALID',
        'interpolatePositions',
        'a model of images of one size',
        'a NaFlex model',
      )
    const { pixelValues, pixelAttentionMask, spatialShapes } = images
    requireTensor(pixelValues, 'pixelValues')
    requireDType(pixelValues, ['float32'], 'pixelValues')
    const inputs = this.#patches.weight.shape[1]!
    if (pixelValues.rank !== 3 || pixelValues.shape[2] !== inputs)
      throw invalid(
        'SHAPE_MISMATCH',
        'pixelValues',
        `[images, patches, ${inputs}]`,
        formatShape(pixelValues.shape),
      )
    if (pixelValues.size === 0)
      throw invalid('EMPTY_BATCH', 'pixelValues', 'at least one patch', formatShape(pixelValues.shape))
    const [batch, count] = sizesOf(pixelValues.shape, 3)
    if (pixelAttentionMask !== undefined)
      checkMask(pixelAttentionMask, [[batch, count]], 'pixelAttentionMask')
    const shapes = await checkShapes(spatialShapes, batch, count)
    const patches = this.#patches.forward(pixelValues)
    return {
      tokens: ops.add(patches, ops.matmul(this.#coefficients(shapes, count), this.#positions)),
      kept: pixelAttentionMask && asBool(pixelAttentionMask),
    }
  }

  /** Weights of the table's positions in those of each patch: float32 [B, count, side * side]. */
  #coefficients(shapes: readonly Size[], count: number): ops.FloatTensor {
    const table = this.#side ** 2
    checkLimit('tableElements', shapes.length * count * table, 'spatialShapes: coefficients of the positions')
    const all = new Float32Array(shapes.length * count * table)
    for (const [index, shape] of shapes.entries()) {
      const image = all.subarray(index * count * table, (index + 1) * count * table)
      this.#fill(image, shape)
      for (let patch = shape[0] * shape[1]; patch < count; patch++) image.copyWithin(patch * table, 0, table)
    }
    return Tensor.from(all, [shapes.length, count, table], 'float32')
  }

  #fill(image: Float32Array, [height, width]: Size): void {
    const side = this.#side
    const options = { mode: 'bilinear', antialias: true } as const
    const [down, across] = [resizeMatrix(side, height, options), resizeMatrix(side, width, options)]
    let at = 0
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let row = 0; row < side; row++)
          for (let column = 0; column < side; column++)
            image[at++] = down[row * height + y]! * across[column * width + x]!
  }
}

/** Shapes of the images in patches. @throws INPUT_INVALID, DTYPE_MISMATCH, SHAPE_MISMATCH */
async function checkShapes(
  shapes: ContrastiveImages['spatialShapes'],
  batch: number,
  count: number,
): Promise<Size[]> {
  requireTensor(shapes, 'spatialShapes')
  requireDType(shapes, ['int64', 'int32'], 'spatialShapes')
  if (shapes.rank !== 2 || shapes.shape[0] !== batch || shapes.shape[1] !== 2)
    throw invalid('SHAPE_MISMATCH', 'spatialShapes', formatShape([batch, 2]), formatShape(shapes.shape))
  const data = await shapes.data()
  return Array.from({ length: batch }, (_, index) => {
    const [height, width] = [Number(data[2 * index]), Number(data[2 * index + 1])]
    if (height < 1 || width < 1 || height * width > count)
      throw invalid(
        'INPUT_INVALID',
        `spatialShapes: image ${index}`,
        `a height and width above 0 with at most ${count} patches`,
        `${height}x${width}`,
      )
    return [height, width]
  })
}
