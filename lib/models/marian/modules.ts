import { CrossAttention, SelfAttention } from '../../nn/attention.js'
import type { TokenIds } from '../../nn/embedding.js'
import { Layer, type Residual } from '../../nn/layer.js'
import { Linear, parameter } from '../../nn/linear.js'
import { Mlp } from '../../nn/mlp.js'
import { LayerNorm } from '../../nn/norm.js'
import { sinusoidalPositions } from '../../nn/position.js'
import * as ops from '../../ops/index.js'
import type { Tensor } from '../../tensor/tensor.js'
import type { WeightReader } from '../../weights/reader.js'
import { ignoreForeignHead } from '../library-class.js'
import type { MarianConfig, StackConfig } from './config.js'

const modules = ['model', 'encoder', 'decoder', 'shared', 'lm_head', 'final_logits_bias']

/** Marian's norms have PyTorch's default. */
const epsilon = 1e-5

/** Token and position embeddings of the encoder or the decoder. */
export interface TokenEmbedding {
  /** float32 [vocabulary, width]. */
  readonly words: ops.FloatTensor
  /** float32 [positions, width]. */
  readonly positions: ops.FloatTensor
  readonly scale: number
}

/** The modules of a Marian: post-norm encoder and decoder of "Attention Is All You Need", and a head. */
export interface MarianModules {
  readonly source: TokenEmbedding
  readonly target: TokenEmbedding
  readonly encoder: readonly Layer[]
  readonly decoder: readonly Layer[]
  /** From the decoder's output to the target vocabulary; MarianModel has none. */
  readonly head: Linear | undefined
}

/** Reads the weights of transformers' MarianMTModel or MarianModel. */
export function readModules(reader: WeightReader, config: MarianConfig): MarianModules {
  const prefixed = reader.checkpoint.names().some((name) => name.startsWith('model.'))
  const base = prefixed ? reader.scope('model') : reader
  if (config.isForeign) ignoreForeignHead(reader, modules)
  const { source, target } = readEmbeddings(base, config)
  const layers = (
    side: 'encoder' | 'decoder',
    parts: readonly ((layer: WeightReader, sizes: Sizes) => Residual)[],
  ) => {
    const { width, activation } = config
    const sizes = { ...config[side], width, activation }
    const list = base.scope(side).scope('layers')
    return Array.from(
      { length: sizes.layers },
      (_, index) => new Layer(parts.map((read) => read(list.scope(index), sizes))),
    )
  }
  return {
    source,
    target,
    encoder: layers('encoder', [selfAttention, feedForward]),
    decoder: layers('decoder', [selfAttention, crossAttention, feedForward]),
    head: readHead(reader, config, target.words),
  }
}

/** Scaled word embeddings plus position embeddings, from position 0. */
export function embed(embedding: TokenEmbedding, ids: TokenIds): ops.FloatTensor {
  return addPositions(embedding, embedTokens(embedding, ids))
}

/** Scaled word embeddings: [B, N] to [B, N, width]. */
export function embedTokens({ words, scale }: TokenEmbedding, ids: TokenIds): ops.FloatTensor {
  const tokens = ops.gather(words, ids)
  return scale === 1 ? tokens : ops.mul(tokens, scale)
}

/** Adds position embeddings. @param at positions of the tokens, int32 [1 or B, N]; default: 0, 1, 2, ... */
export function addPositions(
  { positions }: TokenEmbedding,
  x: ops.FloatTensor,
  at?: Tensor<'int32'>,
): ops.FloatTensor {
  const rows: ops.FloatTensor = at
    ? ops.gather(positions, at)
    : ops.slice(positions, { axis: 0, start: 0, end: x.shape[1]! })
  return ops.add(x, rows)
}

/**
 * Shared tables are stored once if they are also tied, but older files repeat them under every name. If they are not tied,
 * transformers 5 has a table of its own for each side, besides one that nothing uses; version 4 stores `shared` only.
 */
function readEmbeddings(base: WeightReader, config: MarianConfig) {
  const { width, shared, tied, encoder, decoder, embeddingScale: scale } = config
  const table = (name: string, entries: number) => parameter(base, `${name}.weight`, [entries, width])
  const isOne = shared && (tied || !base.has('decoder.embed_tokens.weight'))
  const one = isOne
    ? table(base.has('shared.weight') ? 'shared' : 'encoder.embed_tokens', encoder.vocabulary)
    : undefined
  const source = one ?? table('encoder.embed_tokens', encoder.vocabulary)
  const target = one ?? table('decoder.embed_tokens', decoder.vocabulary)
  const repeated = isOne
    ? /^(shared|encoder\.embed_tokens|decoder\.embed_tokens)\.weight$/
    : /^shared\.weight$/
  base.ignore(repeated, 'the shared word embeddings again, or a table that is not used')
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

type Sizes = StackConfig & Pick<MarianConfig, 'width' | 'activation'>

function selfAttention(layer: WeightReader, sizes: Sizes): Residual {
  const names = { queryKeyValue: ['q_proj', 'k_proj', 'v_proj'], output: 'out_proj' }
  return {
    attention: SelfAttention.read(layer.scope('self_attn'), names, sizes),
    ...postNorm(layer, 'self_attn_layer_norm', sizes),
  }
}

function crossAttention(layer: WeightReader, sizes: Sizes): Residual {
  const names = { query: 'q_proj', keyValue: ['k_proj', 'v_proj'], output: 'out_proj' }
  return {
    crossAttention: CrossAttention.read(layer.scope('encoder_attn'), names, sizes),
    ...postNorm(layer, 'encoder_attn_layer_norm', sizes),
  }
}

function feedForward(layer: WeightReader, sizes: Sizes): Residual {
  return { mlp: Mlp.read(layer, ['fc1', 'fc2'], sizes), ...postNorm(layer, 'final_layer_norm', sizes) }
}

function postNorm(layer: WeightReader, name: string, { width }: Sizes) {
  return { norm: LayerNorm.read(layer, name, width, epsilon), placement: 'post' } as const
}
