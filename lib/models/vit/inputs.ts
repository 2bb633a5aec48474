import { invalid, show } from '../../errors.js'
import { formatShape, sizesOf } from '../../graph/shape.js'
import { asBool, checkMask, type Mask } from '../../nn/mask.js'
import { requireDType, requireTensor } from '../../ops/check.js'
import type { FloatTensor } from '../../ops/index.js'
import { checkFlags, checkOptions, optionInvalid } from '../../options.js'
import type { RunOptions } from '../../runtime/run-options.js'
import type { Tensor } from '../../tensor/tensor.js'
import { checkInputNames } from '../input-names.js'
import { isOnRequest, patchGrid, prefixLength } from './grid.js'
import type { EmbeddingSpec, VitSpec } from './spec.js'

/** Inputs of a vision Transformer. */
export interface VitInputs {
  /** float32 [batch, channels, height, width], as image processors return them. */
  readonly pixelValues: Tensor<'float32', readonly [number, number, number, number]> | Tensor<'float32'>
  /** [batch, patches], row by row: not 0 for masked patches. For models with a mask token. */
  readonly maskedPatches?: Mask | undefined
}

/** Which attention weights to compute. */
export interface AttentionRequest {
  /** Layers from 0; negative ones count from the end. Default: all. */
  readonly layers?: readonly number[] | undefined
  /** Only the rows of these queries: the class token, one position, or positions from start to end (exclusive). Default: all. */
  readonly query?: 'cls' | number | readonly [number, number] | undefined
}

/** Options of `Vit.run`. */
export interface VitOptions extends Pick<RunOptions, 'signal' | 'threads'> {
  /** Also return the embeddings and the output of each layer. Default false. */
  readonly hiddenStates?: boolean | undefined
  /** Also return attention weights. Default false. */
  readonly attentions?: boolean | AttentionRequest | undefined
  /** Accept images of other sizes and resize the position embeddings. Default false; some models always do so. */
  readonly interpolatePositions?: boolean | undefined
}

const inputNames = ['pixelValues', 'maskedPatches']
const optionNames = ['hiddenStates', 'attentions', 'interpolatePositions', 'signal', 'threads']
const attentionNames = ['layers', 'query']

/** The checks that do not depend on the model. @throws OPTION_UNKNOWN, OPTION_INVALID */
export function checkCall(inputs: VitInputs, options: VitOptions): void {
  checkInputNames(inputs, inputNames, 'Vit.run')
  checkOptions(options, optionNames, 'Vit.run')
  checkFlags(options, ['hiddenStates', 'interpolatePositions'], 'Vit.run')
  const { attentions } = options
  if (attentions === undefined || typeof attentions === 'boolean') return
  checkOptions(attentions, attentionNames, 'Vit.run: attentions')
  if (attentions.layers !== undefined && !Array.isArray(attentions.layers))
    optionInvalid('Vit.run: attentions.layers', attentions.layers, 'a list of layers')
}

/**
 * Checks data type and shape of images.
 * @throws INPUT_INVALID, DTYPE_MISMATCH, SHAPE_MISMATCH, EMPTY_BATCH
 */
export function checkPixels(
  spec: EmbeddingSpec,
  pixels: Tensor | undefined,
  interpolate: boolean,
): FloatTensor {
  requireTensor(pixels, 'pixelValues')
  requireDType(pixels, ['float32'], 'pixelValues')
  const { channels, image, patch, accepts } = spec
  const fail = (expected: string) =>
    invalid('SHAPE_MISMATCH', 'pixelValues', expected, formatShape(pixels.shape))
  const own = `[batch, ${channels}, ${image.join(', ')}]`
  if (pixels.rank !== 4) throw fail(own)
  const [batch, given, height, width] = sizesOf(pixels.shape, 4)
  if (batch === 0)
    throw invalid('EMPTY_BATCH', 'pixelValues', 'at least one image', formatShape(pixels.shape))
  if (given !== channels) throw fail(`${own}: ${channels} channels`)
  if (height === image[0] && width === image[1]) return pixels as FloatTensor
  if (isOnRequest(accepts) && !interpolate)
    throw fail(`${own}, or the option interpolatePositions for another size`)
  const whole = height % patch[0] === 0 && width % patch[1] === 0
  if (accepts === 'squares-on-request' && !(whole && height === width))
    throw fail(`${own}, or squares of whole patches of ${patch.join('x')}`)
  if (accepts === 'multiples' && !whole) throw fail(`whole patches of ${patch.join('x')}`)
  const min = accepts === 'padded' ? [1, 1] : patch
  if (height < min[0]! || width < min[1]!) throw fail(`images of at least ${min.join('x')}`)
  return pixels as FloatTensor
}

/** Checks the mask of a vision Transformer's patches. @throws INPUT_INVALID, DTYPE_MISMATCH, SHAPE_MISMATCH */
export function checkMasked(
  spec: VitSpec,
  masked: Mask | undefined,
  [batch, , height, width]: readonly number[],
): Tensor<'bool'> | undefined {
  const patches = tokenCount(spec, height!, width!) - prefixLength(spec.prefix)
  return checkMaskedPatches(masked, [batch!, patches], spec.maskToken)
}

/**
 * Checks a mask of patches.
 * @param shape [batch, patches]
 * @throws INPUT_INVALID for a model without a mask token; DTYPE_MISMATCH, SHAPE_MISMATCH
 */
export function checkMaskedPatches(
  masked: Mask | undefined,
  shape: readonly [number, number],
  maskToken: boolean,
): Tensor<'bool'> | undefined {
  if (masked === undefined) return undefined
  if (!maskToken)
    throw invalid('INPUT_INVALID', 'maskedPatches', 'a model with a mask token', 'a model without one')
  checkMask(masked, [shape], 'maskedPatches')
  return asBool(masked)
}

/** Attention weights to compute, by layer: all rows, or some. */
export type AttentionPlan = ReadonlyMap<number, true | { readonly start: number; readonly end: number }>

/**
 * Resolves the option `attentions` of a call.
 * @param tokens number of tokens of the call's images
 * @throws INDEX_OUT_OF_RANGE, OPTION_INVALID
 */
export function planAttentions(
  spec: VitSpec,
  request: boolean | AttentionRequest | undefined,
  tokens: number,
): AttentionPlan {
  if (!request) return new Map()
  const { layers, query } = request === true ? {} : request
  const rows = query === undefined ? true : queryRows(spec, query, tokens)
  const all = Array.from({ length: spec.depth }, (_, layer) => layer)
  const indices = (layers ?? all).map((layer) =>
    normalizeIndex(layer, spec.depth, 'attentions.layers', 'layers'),
  )
  return new Map(indices.map((layer) => [layer, rows]))
}

function queryRows(spec: VitSpec, query: NonNullable<AttentionRequest['query']>, tokens: number) {
  if (query === 'cls') {
    if (!spec.prefix.class)
      optionInvalid('attentions.query', query, 'a position or a range (the model has no class token)')
    return { start: 0, end: 1 }
  }
  if (typeof query === 'number') {
    const start = normalizeIndex(query, tokens, 'attentions.query', 'tokens')
    return { start, end: start + 1 }
  }
  if (!Array.isArray(query) || query.length !== 2)
    optionInvalid('attentions.query', query, "'cls', a position or [start, end]")
  const [start, end] = query as readonly [number, number]
  const whole = Number.isInteger(start) && Number.isInteger(end)
  if (!whole || start < 0 || start >= end || end > tokens)
    throw invalid(
      'INDEX_OUT_OF_RANGE',
      'attentions.query',
      `[start, end] within ${tokens} tokens`,
      show(query),
    )
  return { start, end }
}

/** An index that may count from the end. */
function normalizeIndex(index: number, length: number, option: string, what: string): number {
  const found = index < 0 ? index + length : index
  if (!Number.isInteger(index) || found < 0 || found >= length)
    throw invalid('INDEX_OUT_OF_RANGE', option, `an index of the ${length} ${what}`, show(index))
  return found
}

/** Number of tokens of an image. */
export function tokenCount(spec: VitSpec, height: number, width: number): number {
  const [rows, columns] = patchGrid(spec, [height, width])
  return prefixLength(spec.prefix) + rows * columns
}
