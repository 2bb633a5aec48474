import { checkSignal } from '../abort.js'
import { invalid } from '../errors.js'
import type { Model } from '../models/model.js'
import * as ops from '../ops/index.js'
import { checkFlags, checkOptions, optionInvalid } from '../options.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Tokenizer } from '../text/tokenizer.js'
import { isString } from '../values.js'
import { asList, type CallOptions } from './base.js'
import { type Masks, type Reduction, reduce, reductions, unitLength } from './pooling.js'
import type { SentenceFolder } from './sentence-folder.js'
import { TensorOutput } from './tensor-output.js'
import { encodeTexts } from './texts.js'

/** Other names of transformers.js for poolings. */
const aliases = { first_token: 'cls', eos: 'lasttoken', last_token: 'lasttoken' } as const

/** How the vectors of a text's tokens are reduced to one vector. */
export type Pooling = 'none' | Reduction | keyof typeof aliases
export const poolings: readonly string[] = ['none', ...reductions, ...Object.keys(aliases)]

export interface FeatureExtractionOptions extends CallOptions {
  /**
   * Default 'none', one vector for each token; for a folder of sentence-transformers all modules that it lists. A pooling
   * that is given takes the place of all these modules.
   */
  readonly pooling?: Pooling | undefined
  /** Scale each vector to Euclidean length 1. Default false; for sentence-transformers as the folder says. */
  readonly normalize?: boolean | undefined
  /** Cut texts to the model's limit instead of throwing TEXT_TOO_LONG. Default false; for sentence-transformers true. */
  readonly truncation?: boolean | undefined
  /** A text to put before each text. Default: the default prompt of a sentence-transformers folder, if it has one. */
  readonly prompt?: string | undefined
  /** Name of a prompt of a sentence-transformers folder, used if `prompt` is not given. */
  readonly prompt_name?: string | undefined
}

const optionNames = ['pooling', 'normalize', 'truncation', 'prompt', 'prompt_name', 'signal']

/** A model that takes token ids. */
export interface TextModel extends Model {
  run(
    inputs: { inputIds: Tensor<'int64'>; attentionMask: Tensor<'int64'>; tokenTypeIds?: Tensor<'int64'> },
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<{ readonly lastHiddenState?: ops.FloatTensor | undefined }>
}

const task = 'feature-extraction'

/**
 * Feature vectors of texts: float32 [texts, tokens, hidden size], or pooled [texts, width]. For a folder of
 * sentence-transformers the defaults are those of SentenceTransformer(folder).encode(texts).
 */
export class FeatureExtraction {
  readonly task = task
  readonly model: TextModel
  readonly tokenizer: Tokenizer
  /** Whether the folder says how a text becomes one vector, as those of sentence-transformers do. */
  readonly hasPooling: boolean
  readonly #folder: SentenceFolder | undefined

  constructor(model: TextModel, tokenizer: Tokenizer, folder?: SentenceFolder) {
    this.model = model
    this.tokenizer = tokenizer
    this.#folder = folder
    this.hasPooling = folder !== undefined
  }

  async call(
    texts: string | readonly string[],
    options: FeatureExtractionOptions = {},
  ): Promise<TensorOutput> {
    const given = checkOptions(options, optionNames, task)
    const { pooling, normalize, truncation = this.#folder !== undefined, signal } = given
    checkSignal(signal)
    if (pooling !== undefined && !poolings.includes(pooling))
      optionInvalid(`${task}: pooling`, pooling, `one of ${poolings.join(', ')}`)
    checkFlags(given, ['normalize', 'truncation'], task)
    const { list } = asList(texts, isString, 'a string', task)
    const prompt = this.#prompt(given)
    const prompted = prompt === '' ? list : list.map((text) => prompt + text)
    const { masks, ...inputs } = await encodeTexts(this.tokenizer, prompted, { truncation, signal }, task)
    const { lastHiddenState } = await this.model.run(inputs, { signal })
    if (!lastHiddenState)
      throw invalid('TASK_UNSUPPORTED', `${task}: model`, 'one with hidden states', 'none')
    const features =
      pooling === undefined && this.#folder
        ? this.#applyModules(lastHiddenState, masks, prompt, normalize)
        : pool(lastHiddenState, masks, pooling)
    return TensorOutput.of(normalize ? unitLength(features) : features, signal)
  }

  /** Releases the weights of the model and of the folder's modules. */
  dispose(): void {
    this.model.dispose()
    for (const module of this.#folder?.modules ?? [])
      if (module.kind === 'layer') module.layer.checkpoint.dispose()
  }

  #prompt({ prompt, prompt_name: name }: FeatureExtractionOptions): string {
    if (prompt !== undefined && typeof prompt !== 'string')
      optionInvalid(`${task}: prompt`, prompt, 'a string')
    if (prompt !== undefined) return prompt
    if (name === undefined) return this.#folder?.defaultPrompt ?? ''
    const named = this.#folder?.prompts.get(name)
    const names = [...(this.#folder?.prompts.keys() ?? [])].join(', ') || 'none'
    return (
      named ?? optionInvalid(`${task}: prompt_name`, name, `the name of a prompt of the folder (${names})`)
    )
  }

  #applyModules(
    hidden: ops.FloatTensor,
    masks: Masks,
    prompt: string,
    normalize: boolean | undefined,
  ): ops.FloatTensor {
    let x = hidden
    for (const module of this.#folder!.modules) {
      if (module.kind === 'layer') x = module.layer.forward(x)
      else if (module.kind === 'pooling') {
        const kept = module.includePrompt || prompt === '' ? masks : this.#withoutPrompt(masks, prompt)
        x = ops.concat(
          module.modes.map((mode) => reduce(hidden, kept, mode)),
          -1,
        ) as ops.FloatTensor
      } else if (normalize !== false) x = unitLength(x)
    }
    const { truncateDim = Infinity } = this.#folder!
    return truncateDim < x.shape.at(-1)! ? ops.slice(x, { axis: 1, start: 0, end: truncateDim }) : x
  }

  /** As in sentence-transformers, the prompt's length includes special tokens in front of it, but not one behind it. */
  #withoutPrompt(masks: Masks, prompt: string): Masks {
    const { inputIds } = this.tokenizer.encode(prompt, { truncation: true })
    const ending = this.tokenizer.isSpecial(inputIds.at(-1)) ? 1 : 0
    return masks.map((mask) => {
      const end = Math.max(mask.indexOf(1), 0) + inputIds.length - ending
      return mask.map((kept, index) => (index < end ? 0 : kept))
    })
  }
}

/** hidden float32 [B, N, width]. */
function pool(hidden: ops.FloatTensor, masks: Masks, pooling: Pooling = 'none'): ops.FloatTensor {
  if (pooling === 'none') return hidden
  return reduce(hidden, masks, isAlias(pooling) ? aliases[pooling] : pooling)
}

function isAlias(pooling: Pooling): pooling is keyof typeof aliases {
  return Object.hasOwn(aliases, pooling)
}
