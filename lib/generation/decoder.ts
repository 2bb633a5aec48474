import type { AttentionCall, KeyValue } from '../nn/attention.js'
import type { FloatTensor } from '../ops/index.js'
import type { Tensor } from '../tensor/tensor.js'

/**
 * The interface of a model for text generation: token embeddings, the layers, and the logits of the next token. Search,
 * key-value cache, streaming and stopping criteria use only this interface.
 *
 * A decoder is made for one call of generate(), so it may hold tensors that depend on the call's inputs, such as the
 * memory. Its methods build graphs and compute nothing: a graph is built once and run for many tokens. So they may read
 * only their arguments, constants (weights), and computed tensors that do not change during the call (the memory).
 *
 * A complete decoder-only model with learned positions (GPT-2):
 *
 *     embed(ids) { return ops.gather(this.#words, ids) }
 *     step(x, { positions, self, past }) {
 *       const placed = ops.add(x, ops.gather(this.#positions, positions))
 *       return this.#norm.forward(runStack(this.#layers, placed, { self, past }).last)
 *     }
 *     logits(x) { return this.#head.forward(x) }
 */
export interface Decoder {
  /** Number of tokens in the vocabulary: the last axis of the logits. */
  readonly vocabSize: number
  /** Maximum sequence length; a longer sequence is TEXT_TOO_LONG. Left out: no limit. */
  readonly positions?: number | undefined
  readonly cache: CacheShape
  /** Keys and values of the cross-attention: the source of an encoder-decoder, or an image. */
  readonly memory?: Memory | undefined
  /**
   * Token embeddings without position embeddings: int32 [rows, n] to float32 [rows, n, width]. The ids are in the
   * vocabulary.
   */
  embed(ids: Tensor<'int32'>): FloatTensor
  /**
   * Runs the next n tokens of each sequence through the layers: embeddings float32 [rows, n, width] to hidden states of
   * the same shape, ready for {@link logits}.
   */
  step(x: FloatTensor, step: DecoderStep): FloatTensor
  /** Hidden states float32 [rows, width] to the logits of the next token, float32 [rows, vocabSize]. */
  logits(x: FloatTensor): FloatTensor
}

/** Sizes of the key-value cache. */
export interface CacheShape {
  readonly layers: number
  /** Number of key-value heads. */
  readonly heads: number
  /** Head size. */
  readonly width: number
}

/** Tensors computed from the inputs before the first token, and disposed after the last. */
export interface Memory {
  /**
   * Keys and values of each layer's cross-attention, float32 [sources, heads, S, width]. Each source has the same number
   * of rows: row r belongs to source floor(r * sources / rows).
   */
  readonly layers: readonly KeyValue[]
  /** Added to the scores of the cross-attention to mask padding of the sources: float32 [sources, 1, 1, S]. */
  readonly mask?: FloatTensor | undefined
  /** Token ids of each source, without padding, for options that need them. Left out if the source is not text. */
  readonly ids?: (() => Promise<readonly Int32Array[]>) | undefined
}

/** The n tokens that {@link Decoder.step} appends to each sequence: first the whole prompt, then one token a step. */
export interface DecoderStep {
  /** Position of each token in its sequence, from 0: int32 [rows, n], or [1, n] if it is the same for all rows. */
  readonly positions: Tensor<'int32'>
  /** Number of keys that past() returns, including unused ones: the last axis of a mask or a bias. */
  readonly keys: number
  /** Self-attention arguments that exclude later tokens and unused keys. The model may add a mask or a bias. */
  readonly self: AttentionCall
  /** Stores a layer's keys and values of the new tokens, and returns those of all tokens. Called once for each layer. */
  readonly past: (layer: number, present: KeyValue) => KeyValue
}

/** The tokens or embeddings that the sequences of each source start with. */
export interface Prompt {
  /** Token ids of each source, without padding; lengths may differ. */
  readonly ids: readonly Int32Array[]
  /** The ids as the caller passed them, with padding, for the results. Left out: `ids`. */
  readonly given?: readonly Int32Array[] | undefined
  /**
   * Embeddings used in place of those of `ids`, for models that put an image in front of the text: float32 [sources, n,
   * width], n at least the length of the longest ids. If a source has k fewer ids than the longest, its last k positions
   * are padding. Lengths in options count ids. Disposed after the last token.
   */
  readonly embeddings?: FloatTensor | undefined
}
