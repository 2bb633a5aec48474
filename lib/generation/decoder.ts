import type { AttentionCall, KeyValue } from '../nn/attention.js'
import type { FloatTensor } from '../ops/index.js'
import type { Tensor } from '../tensor/tensor.js'

/**
 * What a model offers so that text can be generated with it: how tokens become embeddings, what its layers make of
 * them, and the logits of the next token. Search, key-value cache, streaming and stopping are written over it, once.
 *
 * A decoder belongs to one call of generate(), so it may hold what the call's inputs give, such as its memory. Its
 * methods build graphs, they compute nothing: a graph is built once and run for many tokens. So what they read must be
 * their arguments, constants (weights), or computed tensors that stay the same through the call (the memory).
 *
 * The whole of a decoder-only model with learned positions (GPT-2):
 *
 *     embed(ids) { return ops.gather(this.#words, ids) }
 *     step(x, { positions, self, past }) {
 *       const placed = ops.add(x, ops.gather(this.#positions, positions))
 *       return this.#norm.forward(runStack(this.#layers, placed, { self, past }).last)
 *     }
 *     logits(x) { return this.#head.forward(x) }
 */
export interface Decoder {
  /** Number of tokens that logits are over. */
  readonly vocabSize: number
  /** Positions that the model has: a sequence of more is TEXT_TOO_LONG. Left out: any number. */
  readonly positions?: number | undefined
  readonly cache: CacheShape
  /** What the layers attend to beside the sequence itself: the source of an encoder-decoder, an image. */
  readonly memory?: Memory | undefined
  /**
   * Embeddings of tokens, each by itself and without its position: int32 [rows, n] to float32 [rows, n, width]. The
   * ids are in the vocabulary.
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

/** Sizes of the keys and values that are kept of the tokens so far. */
export interface CacheShape {
  readonly layers: number
  /** Heads of keys and values. */
  readonly heads: number
  /** Features of a head. */
  readonly width: number
}

/** What is made of the inputs: computed before the first token, and disposed of after the last. */
export interface Memory {
  /**
   * Keys and values of each layer's cross-attention, float32 [sources, heads, S, width]. A source may have several rows,
   * as many for each: row r belongs to source floor(r * sources / rows).
   */
  readonly layers: readonly KeyValue[]
  /** Added to the scores of the cross-attention, where sources are padded: float32 [sources, 1, 1, S]. */
  readonly mask?: FloatTensor | undefined
  /** Token ids of each source, without padding, for options that look at them. Left out where it is no text. */
  readonly ids?: (() => Promise<readonly Int32Array[]>) | undefined
}

/** The n tokens that {@link Decoder.step} adds to each sequence: all of a prompt at first, then one at a time. */
export interface DecoderStep {
  /** Position of each token in its sequence, from 0: int32 [rows, n], or [1, n] where all rows have the same. */
  readonly positions: Tensor<'int32'>
  /** Number of keys that past() gives, unused ones among them: the last axis of a mask or a bias. */
  readonly keys: number
  /** What the self-attention must not see: later tokens, and unused keys. A mask or a bias may be added. */
  readonly self: AttentionCall
  /** Keeps what a layer makes of the new tokens, and gives the keys and values of the whole sequence; once a layer. */
  readonly past: (layer: number, present: KeyValue) => KeyValue
}

/** What the sequences of each source begin with. */
export interface Prompt {
  /** Token ids of each source, without padding; lengths may differ. */
  readonly ids: readonly Int32Array[]
  /** The same as the caller gave them, padding included, for the results. Left out: `ids`. */
  readonly given?: readonly Int32Array[] | undefined
  /**
   * Embeddings to begin with in place of those of `ids`, for models that put an image in front of the text: float32
   * [sources, n, width], n at least the length of the longest ids. A source with fewer ids than the longest ends by so
   * many positions earlier. Lengths in options count ids. They are disposed of after the last token.
   */
  readonly embeddings?: FloatTensor | undefined
}
