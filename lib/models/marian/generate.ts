import { type GenerateCall, type GenerationResult, generate } from '../../generation/generate.js'
import type { GenerationOptions } from '../../generation/options.js'
import type { TokenEvent } from '../../generation/sample.js'
import type { Compute } from '../../nn/cache.js'
import type { TokenIds } from '../../nn/embedding.js'
import { type Mask, paddingMask } from '../../nn/mask.js'
import * as ops from '../../ops/index.js'
import { optionInvalid } from '../../options.js'
import type { RunOptions } from '../../runtime/run-options.js'
import type { Tensor } from '../../tensor/tensor.js'
import { type GivenOptions, mergeOptions } from '../generation.js'
import type { MarianConfig } from './config.js'
import { CachedDecoder, type DecoderParts, type Memory, PlainDecoder } from './decoder.js'
import { encode, projectMemory } from './forward.js'
import type { MarianSource } from './inputs.js'
import type { MarianModules } from './modules.js'

/** Options of {@link Marian.generate}; what is left out is as the model's generation_config.json says. */
export interface MarianGenerateOptions extends GenerationOptions, Pick<RunOptions, 'signal' | 'threads'> {
  /** Keep keys and values of earlier places. Default true; without, the result is the same and takes longer. */
  readonly useCache?: boolean | undefined
  /** Called with each token as it is chosen. Not with beams, where nothing is certain before the end. */
  readonly onToken?: ((event: TokenEvent) => void) | undefined
  /** Keep the raw logits of every step. Default false. */
  readonly returnLogits?: boolean | undefined
}

/** What is needed to write targets. */
export interface Writer {
  readonly modules: MarianModules
  readonly config: MarianConfig
  readonly compute: Compute
  /** Threads and precision, as compute has them. */
  readonly options: RunOptions
}

/** Writes a target for each source. `given` may have null for an option that shall have no value. */
export async function write(
  writer: Writer,
  source: MarianSource,
  given: GivenOptions & Pick<MarianGenerateOptions, 'useCache' | 'signal' | 'onToken' | 'returnLogits'>,
  defaults: GivenOptions,
): Promise<GenerationResult> {
  const { useCache = true, signal, onToken, returnLogits, ...options } = given
  if (typeof useCache !== 'boolean') optionInvalid('useCache', useCache, 'true or false')
  const merged = mergeOptions(defaults, options)
  const call: GenerateCall = {
    ...merged,
    sources: source.inputIds.shape[0]!,
    ...(signal && { signal }),
    ...(onToken && { onToken }),
    ...(returnLogits && { returnLogits }),
  }
  const make = (parts: DecoderParts) => (useCache ? new CachedDecoder(parts) : new PlainDecoder(parts))
  const attentionMask = source.attentionMask ?? withoutPadding(source.inputIds, merged)
  return withMemory(writer, { ...source, attentionMask }, signal, async (memory) => {
    const decoder = make({ ...writer, memory })
    try {
      return await generate(decoder, call)
    } finally {
      decoder.dispose()
    }
  })
}

/** Where no mask is given, transformers' generate() leaves padding out, unless it is what texts end with. */
function withoutPadding(ids: TokenIds, { padTokenId, eosTokenId }: GenerationOptions): Mask | undefined {
  if (padTokenId === undefined || [eosTokenId].flat().includes(padTokenId)) return undefined
  return ops.notEqual(ops.cast(ids as Tensor, 'int32') as Tensor<'int32'>, padTokenId)
}

/** Reads the sources, and lets go of what was made of them in the end. */
export async function withMemory<T>(
  { modules, compute }: Writer,
  source: MarianSource,
  signal: AbortSignal | undefined,
  use: (memory: Memory) => Promise<T>,
): Promise<T> {
  const mask = source.attentionMask && paddingMask(source.attentionMask)
  const layers = projectMemory(modules, encode(modules, source.inputIds, { mask }).last)
  const tensors = [...layers.flatMap(({ key, value }) => [key, value]), ...(mask ? [mask] : [])]
  await compute(tensors, signal)
  try {
    return await use({ layers, mask })
  } finally {
    for (const tensor of tensors) tensor.dispose()
  }
}
