import { invalid, show } from '../../errors.js'
import { Embedding, type TokenIds } from '../../nn/embedding.js'
import type { Layer } from '../../nn/layer.js'
import { Linear, squeezedParameter } from '../../nn/linear.js'
import { causalCall, type Mask, paddingMask } from '../../nn/mask.js'
import type { Norm } from '../../nn/norm.js'
import { statesAt } from '../../nn/position.js'
import { runStack } from '../../nn/stack.js'
import * as ops from '../../ops/index.js'
import type { Tensor } from '../../tensor/tensor.js'
import type { WeightReader } from '../../weights/reader.js'
import type { Projected } from '../contrastive.js'
import { type StatesOptions, statesOf } from '../run-options.js'
import { checkTexts, type TextInputs } from '../text-inputs.js'
import { readLayers, readNorm } from '../vit/read-layer.js'
import type { LinearSpec, TextPooling, TextSpec } from './spec.js'

/** Encodes texts: pre-norm layers, a final norm, the state at one position, and its projection. */
export class TextTower {
  readonly spec: TextSpec
  readonly #words: Embedding
  readonly #positions: ops.FloatTensor
  readonly #classToken: ops.FloatTensor | undefined
  readonly #layers: readonly Layer[]
  readonly #norm: Norm
  readonly #pooler: Linear | undefined
  readonly #projection: Linear | undefined

  constructor(reader: WeightReader, spec: TextSpec) {
    const { names, width, vocabulary, positions, classToken, pooler, projection } = spec
    const count = positions + Number(classToken !== undefined)
    this.spec = spec
    this.#words = Embedding.read(reader, names.words, vocabulary, width)
    this.#positions = squeezedParameter(reader, names.positions, [count, width])
    this.#classToken = classToken && squeezedParameter(reader, names.classToken, [1, 1, width])
    this.#layers = readLayers(reader, spec, names)
    this.#norm = readNorm(reader, names.norm, width, spec)
    this.#pooler = pooler && readLinear(reader, pooler, width)
    this.#projection = projection && readLinear(reader, projection, pooler?.width ?? width)
  }

  /** Whether pooled outputs are projected to the shared space. */
  get projects(): boolean {
    return this.#projection !== undefined
  }

  /** @throws TOKEN_OUT_OF_RANGE, TEXT_TOO_LONG, EMPTY_BATCH, SHAPE_MISMATCH, DTYPE_MISMATCH, INPUT_INVALID */
  async forward(texts: TextInputs, options: StatesOptions): Promise<Projected> {
    if (this.#classToken) checkNoPlaces(texts)
    await checkTexts(texts, this.spec)
    const { inputIds } = texts
    const stack = runStack(this.#layers, this.#embed(texts), {
      self: { ...this.#restriction(texts), weights: options.attentions },
    })
    const last = this.#norm.forward(stack.last)
    const pooled: ops.FloatTensor = this.#classToken
      ? ops.select(last, 1, inputIds.shape[1]!)
      : poolText(last, inputIds, this.spec.pooling)
    const poolerOutput = this.#pooler?.forward(pooled) ?? pooled
    const output = { lastHiddenState: last, poolerOutput, ...statesOf(stack, options) }
    return { output, features: this.#projection?.forward(poolerOutput) ?? poolerOutput }
  }

  #embed({ inputIds, positionIds }: TextInputs): ops.FloatTensor {
    const words = this.#words.forward(inputIds)
    const [batch, count] = inputIds.shape as readonly [number, number]
    if (positionIds) return ops.add(words, ops.gather(this.#positions, positionIds))
    if (!this.#classToken) return ops.add(words, this.#first(count))
    const repeated: ops.FloatTensor = ops.expand(this.#classToken, [batch, 1, this.spec.width])
    return ops.add(ops.concat([words, repeated], 1), this.#first(count + 1))
  }

  #first(count: number): ops.FloatTensor {
    return ops.slice(this.#positions, { axis: 0, start: 0, end: count })
  }

  #restriction({ inputIds, attentionMask }: TextInputs) {
    const { causal, classToken } = this.spec
    const mask = classToken ? maskOfPadding(inputIds, classToken.padding) : attentionMask
    if (causal) return causalCall(mask)
    return mask ? { mask: paddingMask(mask) } : {}
  }
}

/** Reads a linear layer. */
export function readLinear(reader: WeightReader, spec: LinearSpec, inputs: number): Linear {
  const { name, width, bias, transposed = false } = spec
  return Linear.read(reader, name, inputs, width, { bias, transposed })
}

/** open_clip derives mask and positions from the ids, of one place more than there are. @throws INPUT_INVALID */
function checkNoPlaces({ attentionMask, positionIds }: TextInputs): void {
  for (const [name, tensor] of Object.entries({ attentionMask, positionIds }))
    if (tensor !== undefined)
      throw invalid(
        'INPUT_INVALID',
        name,
        'none, for a model with a class token behind the text',
        show(tensor),
      )
}

/**
 * The mask of a model with a class token behind the text: open_clip masks one place further than the padding is, since it
 * puts the place of the class token in front. Trained models depend on that.
 */
function maskOfPadding(inputIds: TokenIds, padding: number): Mask {
  const ids: Tensor<'int32'> = ops.cast(inputIds as Tensor, 'int32')
  const kept: Tensor<'int32'> = ops.cast(ops.notEqual(ids, padding), 'int32')
  const first: Tensor<'int32'> = ops.slice(kept, { axis: 1, start: 0, end: 1 })
  return ops.concat([ops.maximum(first, 1), kept], 1)
}

/** states float32 [B, N, width] to [B, width]. */
function poolText(states: ops.FloatTensor, inputIds: TokenIds, pooling: TextPooling): ops.FloatTensor {
  if (pooling === 'first') return ops.select(states, 1, 0)
  if (pooling === 'last') return ops.select(states, 1, inputIds.shape[1]! - 1)
  const ids: Tensor<'int32'> = ops.cast(inputIds as Tensor, 'int32')
  const scores = pooling === 'largest' ? ids : ops.equal(ids, pooling.token)
  return statesAt(states, ops.argmax(ops.cast(scores, 'float32'), 1))
}
