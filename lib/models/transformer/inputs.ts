import { invalid } from '../../errors.js'
import { formatShape, sizesOf } from '../../graph/shape.js'
import type { AttentionCall } from '../../nn/attention.js'
import type { Mask } from '../../nn/mask.js'
import { requireFloat, requireRank, requireTensor } from '../../ops/check.js'
import * as ops from '../../ops/index.js'
import { checkFlags } from '../../options.js'
import { checkInputNames } from '../input-names.js'
import type { TransformerConfig } from './config.js'
import { type AttentionMask, attentionCall } from './masks.js'

/** Inputs of Transformer.run. If `batch_first` is false, torch's default, src and tgt are [N, B, width]. */
export interface TransformerInputs {
  /** float32 [B, S, width]: the embedded source, with positions. */
  readonly src: ops.FloatTensor
  /** float32 [B, T, width]: the embedded target, with positions. */
  readonly tgt: ops.FloatTensor
  /** [S, S] or [B * heads, S, S]. */
  readonly srcMask?: AttentionMask | undefined
  /** [T, T] or [B * heads, T, T]. */
  readonly tgtMask?: AttentionMask | undefined
  /** [T, S] or [B * heads, T, S]: from the target to the source. */
  readonly memoryMask?: AttentionMask | undefined
  /** [B, S]: 1 or true is padding. */
  readonly srcKeyPaddingMask?: Mask | undefined
  /** [B, T]: 1 or true is padding. */
  readonly tgtKeyPaddingMask?: Mask | undefined
  /** [B, S]: 1 or true is padding. As in torch, `srcKeyPaddingMask` is not its default. */
  readonly memoryKeyPaddingMask?: Mask | undefined
  /** Mask later positions, without an explicit mask. */
  readonly srcIsCausal?: boolean | undefined
  readonly tgtIsCausal?: boolean | undefined
  readonly memoryIsCausal?: boolean | undefined
}

const inputNames = [
  ...['src', 'tgt', 'srcMask', 'tgtMask', 'memoryMask', 'srcKeyPaddingMask', 'tgtKeyPaddingMask'],
  ...['memoryKeyPaddingMask', 'srcIsCausal', 'tgtIsCausal', 'memoryIsCausal'],
]

/** Arguments of the layers: sequences [B, N, width], and the restrictions of each attention. */
export interface TransformerCall {
  readonly src: ops.FloatTensor
  readonly tgt: ops.FloatTensor
  readonly encoder: AttentionCall
  readonly decoder: AttentionCall
  readonly cross: AttentionCall
}

/** @throws SHAPE_MISMATCH, DTYPE_MISMATCH, EMPTY_BATCH, INPUT_INVALID, OPTION_UNKNOWN, OPTION_INVALID */
export function readInputs(inputs: TransformerInputs, config: TransformerConfig): TransformerCall {
  checkInputNames(inputs, inputNames, 'Transformer.run')
  checkFlags(inputs, ['srcIsCausal', 'tgtIsCausal', 'memoryIsCausal'], 'Transformer.run: inputs')
  const src = sequence(inputs.src, 'src', config)
  const tgt = sequence(inputs.tgt, 'tgt', config)
  const [batch, sources] = sizesOf(src.shape.slice(0, 2), 2)
  const targets = tgt.shape[1]!
  if (tgt.shape[0] !== batch)
    throw invalid(
      'SHAPE_MISMATCH',
      'tgt',
      `the batch size of src ${formatShape(inputs.src.shape)}`,
      formatShape(inputs.tgt.shape),
    )
  const common = { batch, heads: config.heads }
  return {
    src,
    tgt,
    encoder: attentionCall({
      ...{ ...common, queries: sources, keys: sources, causal: inputs.srcIsCausal },
      ...{ mask: inputs.srcMask, maskName: 'srcMask' },
      ...{ keyPadding: inputs.srcKeyPaddingMask, keyPaddingName: 'srcKeyPaddingMask' },
    }),
    decoder: attentionCall({
      ...{ ...common, queries: targets, keys: targets, causal: inputs.tgtIsCausal },
      ...{ mask: inputs.tgtMask, maskName: 'tgtMask' },
      ...{ keyPadding: inputs.tgtKeyPaddingMask, keyPaddingName: 'tgtKeyPaddingMask' },
    }),
    cross: attentionCall({
      ...{ ...common, queries: targets, keys: sources, causal: inputs.memoryIsCausal },
      ...{ mask: inputs.memoryMask, maskName: 'memoryMask' },
      ...{ keyPadding: inputs.memoryKeyPaddingMask, keyPaddingName: 'memoryKeyPaddingMask' },
    }),
  }
}

function sequence(
  x: ops.FloatTensor,
  name: string,
  { width, batchFirst }: TransformerConfig,
): ops.FloatTensor {
  requireTensor(x, name)
  requireFloat(x, name)
  const axes = batchFirst ? '[batch, positions, width]' : '[positions, batch, width] (batch_first is false)'
  requireRank(x, 3, axes, name)
  if (x.shape[2] !== width) throw invalid('SHAPE_MISMATCH', name, `width ${width}`, formatShape(x.shape))
  if (x.size === 0) throw invalid('EMPTY_BATCH', name, 'at least one element', formatShape(x.shape))
  return batchFirst ? x : exchangeBatch(x)
}

/** Exchanges the first two axes: [B, N, width] to [N, B, width] and back. */
export function exchangeBatch(x: ops.FloatTensor): ops.FloatTensor {
  return ops.transpose(x, 0, 1) as ops.FloatTensor
}
