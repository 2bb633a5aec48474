import { CrossAttention, SelfAttention } from '../../nn/attention.js'
import type { TokenIds } from '../../nn/embedding.js'
import { DecoderLayer, EncoderLayer } from '../../nn/layer.js'
import { Linear, parameter } from '../../nn/linear.js'
import { Mlp } from '../../nn/mlp.js'
import { LayerNorm } from '../../nn/norm.js'
import { sinusoidalPositions } from '../../nn/position.js'
import * as ops from '../../ops/index.js'
import type { Tensor } from '../../tensor/tensor.js'
import type { WeightReader } from '../../weights/reader.js'
import type { MarianConfig, StackConfig } from './config.js'

/** Marian's norms have PyTorch's default. */
const epsilon = 1e-5

/** What one side of the model reads tokens with. */
export interface TokenEmbedding {
  /** float32 [vocabulary, width]. */
  readonly words: ops.FloatTensor
  /** float32 [positions, width]. */
  readonly positions: ops.FloatTensor
  readonly scale: number
}

/** The modules of a Marian: encoder, decoder and head of "Attention Is All You Need", norms after the sums. */
export interface MarianModules {
  readonly source: TokenEmbedding
  readonly target: TokenEmbedding
  readonly encoder: readonly EncoderLayer[]
  readonly decoder: readonly DecoderLayer[]
  /** From the decoder's output to the target vocabulary; MarianModel has none. */
  readonly head: Linear | undefined
}

/** Takes the weights of Hugging Face's MarianMTModel or MarianModel. */
export function readModules(reader: WeightReader, config: MarianConfig): MarianModules {
  const prefixed = reader.checkpoint.names().some((name) => name.startsWith('model.'))
  const base = prefixed ? reader.scope('model') : reader
  const { source, target } = readEmbeddings(base, config)
  const layers = <T>(stack: WeightReader, count: number, read: (layer: WeightReader) => T) =>
    Array.from({ length: count }, (_, index) => read(stack.scope('layers').scope(index)))
  return {
    source,
    target,
    encoder: layers(base.scope('encoder'), config.encoder.layers, (layer) =>
      readEncoderLayer(layer, config, config.encoder),
    ),
    decoder: layers(base.scope('decoder'), config.decoder.layers, (layer) => readDecoderLayer(layer, config)),
    head: readHead(reader, config, target.words),
  }
}

/** x = scale * word + position, positions from 0 on. */
export function embed(embedding: TokenEmbedding, ids: TokenIds): ops.FloatTensor {
  return addPositions(embedding, embedTokens(embedding, ids))
}

/** Scaled words: [B, N] to [B, N, width]. */
export function embedTokens({ words, scale }: TokenEmbedding, ids: TokenIds): ops.FloatTensor {
  const tokens = ops.gather(words, ids)
  return scale === 1 ? tokens : ops.mul(tokens, scale)
}

/** @param at int32 [1 or B, N]: where the tokens stand; left out: from 0 on */
export function addPositions(
  { positions }: TokenEmbedding,
  x: ops.FloatTensor,
  at?: Tensor<'int32'>,
): ops.FloatTensor {
  const there: ops.FloatTensor = at
    ? ops.gather(positions, at)
    : ops.slice(positions, { axis: 0, start: 0, end: x.shape[1]! })
  return ops.add(x, there)
}

/** Tables are stored once where they are one, but older files repeat them under every name. */
function readEmbeddings(base: WeightReader, config: MarianConfig) {
  const { width, shared, encoder, decoder, embeddingScale: scale } = config
  const table = (name: string, entries: number) => parameter(base, `${name}.weight`, [entries, width])
  const one = shared
    ? table(base.has('shared.weight') ? 'shared' : 'encoder.embed_tokens', encoder.vocabulary)
    : undefined
  const source = one ?? table('encoder.embed_tokens', encoder.vocabulary)
  const target = one ?? table('decoder.embed_tokens', decoder.vocabulary)
  const repeated = shared
    ? /^(shared|encoder\.embed_tokens|decoder\.embed_tokens)\.weight$/
    : /^shared\.weight$/
  base.ignore(repeated, 'the shared word embeddings again')
  const stored = (side: string) => base.maybe(`${side}.embed_positions.weight`, [config.positions, width])
  const [sourcePositions, targetPositions] = [stored('encoder'), stored('decoder')]
  const computed =
    sourcePositions && targetPositions ? undefined : sinusoidalPositions(config.positions, width, 'halves')
  return {
    source: { words: source, positions: sourcePositions ?? computed!, scale },
    target: { words: target, positions: targetPositions ?? computed!, scale },
  }
}

function readHead(reader: WeightReader, config: MarianConfig, words: ops.FloatTensor): Linear | undefined {
  const { className, width, tied, decoder } = config
  if (className === 'MarianModel') {
    reader.ignore(/^(final_logits_bias|lm_head\.weight)$/, 'the head, which MarianModel does not have')
    return undefined
  }
  const { vocabulary } = decoder
  if (tied) reader.ignore('lm_head.weight', 'tied to the word embeddings')
  const weight = tied ? words : parameter(reader, 'lm_head.weight', [vocabulary, width])
  const bias = reader.maybe('final_logits_bias', [1, vocabulary])
  return new Linear(weight, bias && (ops.reshape(bias, [vocabulary]) as ops.FloatTensor))
}

function readEncoderLayer(layer: WeightReader, config: MarianConfig, stack: StackConfig): EncoderLayer {
  return new EncoderLayer(encoderParts(layer, config, stack))
}

function readDecoderLayer(layer: WeightReader, config: MarianConfig): DecoderLayer {
  const { width, decoder } = config
  const cross = projections(layer.scope('encoder_attn'), width)
  return new DecoderLayer({
    ...encoderParts(layer, config, decoder),
    cross: new CrossAttention({
      heads: decoder.heads,
      query: cross.query,
      keyValue: Linear.beside([cross.key, cross.value]),
      output: cross.output,
    }),
    crossNorm: LayerNorm.read(layer, 'encoder_attn_layer_norm', width, epsilon),
  })
}

/** What encoder and decoder layers have in common. */
function encoderParts(layer: WeightReader, { width, activation }: MarianConfig, stack: StackConfig) {
  const { query, key, value, output } = projections(layer.scope('self_attn'), width)
  return {
    normOrder: 'after',
    attention: new SelfAttention({ heads: stack.heads, qkv: Linear.beside([query, key, value]), output }),
    attentionNorm: LayerNorm.read(layer, 'self_attn_layer_norm', width, epsilon),
    mlp: new Mlp(
      Linear.read(layer, 'fc1', width, stack.feedForward),
      activation,
      Linear.read(layer, 'fc2', stack.feedForward, width),
    ),
    mlpNorm: LayerNorm.read(layer, 'final_layer_norm', width, epsilon),
  } as const
}

function projections(attention: WeightReader, width: number) {
  const read = (name: string) => Linear.read(attention, name, width, width)
  return { query: read('q_proj'), key: read('k_proj'), value: read('v_proj'), output: read('out_proj') }
}
