import { projectMemory, runStack } from '../../nn/stack.js'
import type * as ops from '../../ops/index.js'
import { Model, type ModelParts } from '../model.js'
import { tensorsOf } from '../results.js'
import { checkStatesOptions, type StatesOptions } from '../run-options.js'
import type { TransformerConfig } from './config.js'
import { exchangeBatch, readInputs, type TransformerCall, type TransformerInputs } from './inputs.js'
import type { Stack } from './stacks.js'

/** Results of {@link Transformer.run}: float32, computed. Sequences have the layout of the inputs. */
export interface TransformerOutput {
  /** The decoder's output, [B, T, width]. */
  readonly output: ops.FloatTensor
  /** The encoder's output, [B, S, width]. */
  readonly memory: ops.FloatTensor
  readonly encoderLayers?: readonly ops.FloatTensor[]
  readonly decoderLayers?: readonly ops.FloatTensor[]
  /** Attention weights of each encoder layer, [B, heads, S, S]. */
  readonly encoderAttentions?: readonly ops.FloatTensor[]
  /** Self-attention weights of each decoder layer, [B, heads, T, T]. */
  readonly decoderAttentions?: readonly ops.FloatTensor[]
  /** Cross-attention weights of each decoder layer, [B, heads, T, S]. */
  readonly crossAttentions?: readonly ops.FloatTensor[]
}

/** torch.nn.Transformer: encoder and decoder of "Attention Is All You Need" (2017), over embedded sequences. */
export class Transformer extends Model {
  readonly #config: TransformerConfig
  readonly #encoder: Stack
  readonly #decoder: Stack

  /** Use load(). */
  constructor(parts: ModelParts, config: TransformerConfig, encoder: Stack, decoder: Stack) {
    super(parts)
    this.#config = config
    this.#encoder = encoder
    this.#decoder = decoder
  }

  /**
   * Encodes the source and decodes the target, all positions at once. If all keys of a query are masked, the result of
   * its attention is 0, where torch returns NaN.
   * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, INPUT_INVALID, EMPTY_BATCH, OPTION_UNKNOWN, DISPOSED, ABORTED
   */
  async run(inputs: TransformerInputs, options: StatesOptions = {}): Promise<TransformerOutput> {
    this.checkAlive()
    checkStatesOptions(options, 'Transformer.run')
    const result = this.#forward(readInputs(inputs, this.#config), options)
    await this.compute(tensorsOf(result), options)
    return result
  }

  #forward(call: TransformerCall, { hiddenStates, attentions }: StatesOptions): TransformerOutput {
    const toInputLayout = this.#config.batchFirst ? (x: ops.FloatTensor) => x : exchangeBatch
    const weights = attentions ?? false
    const encoded = runStack(this.#encoder.layers, call.src, { self: { ...call.encoder, weights } })
    const memory = this.#encoder.norm.forward(encoded.last)
    const decoded = runStack(this.#decoder.layers, call.tgt, {
      self: { ...call.decoder, weights },
      cross: { ...call.cross, weights },
      memory: projectMemory(this.#decoder.layers, memory),
    })
    return {
      output: toInputLayout(this.#decoder.norm.forward(decoded.last)),
      memory: toInputLayout(memory),
      ...(hiddenStates && {
        encoderLayers: encoded.hiddenStates.slice(1).map(toInputLayout),
        decoderLayers: decoded.hiddenStates.slice(1).map(toInputLayout),
      }),
      ...(attentions && {
        encoderAttentions: [...encoded.attentions.values()],
        decoderAttentions: [...decoded.attentions.values()],
        crossAttentions: [...decoded.crossAttentions.values()],
      }),
    }
  }
}
