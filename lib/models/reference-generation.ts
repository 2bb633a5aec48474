import { CachedStepper } from '../generation/cached-stepper.js'
import type { Decoder } from '../generation/decoder.js'
import { generate } from '../generation/generate.js'
import { listen } from '../generation/listen.js'
import { type GivenOptions, mergeOptions } from '../generation/options.js'
import { fromLibraryOptions } from '../generation/rules.js'
import { sizesOf } from '../graph/shape.js'
import type { KeyValue } from '../nn/attention.js'
import type { TokenIds } from '../nn/embedding.js'
import * as ops from '../ops/index.js'
import { Tensor } from '../tensor/tensor.js'
import type { GenerativeModel } from './generative.js'
import type { NamedTensors, ReferenceRun } from './reference.js'

/** Whether a stored run generates. */
export function isGeneratingRun({ outputs }: ReferenceRun): boolean {
  return outputs.includes('sequences')
}

/** Whether a stored run feeds the decoder one token a step and compares its cache. */
export function isCachedRun({ outputs }: ReferenceRun): boolean {
  return outputs.some((name) => name.startsWith('cache.'))
}

/** Runs generate() with the options of the library's call. Returns outputs under the library's names. */
export async function generatingRun<Inputs extends object>(
  model: GenerativeModel<Inputs>,
  inputs: Inputs,
  { call, outputs }: ReferenceRun,
): Promise<NamedTensors> {
  const options = mergeOptions(model.generationDefaults, optionsOf(call))
  const { decoder, prompt } = await model.begin(inputs, options)
  const stepper = new CachedStepper(decoder, prompt.embeddings, model.session)
  try {
    const returnLogits = outputs.includes('step_logits')
    const { positions } = decoder
    const result = await listen(generate({ stepper, prompt, options, positions, returnLogits }), {})
    const { sequences, sequencesScores, stepLogits } = result
    const [rows, length] = [sequences.length, sequences[0]!.length]
    const steps = stepLogits?.map((logits) => Tensor.from(logits, [rows, logits.length / rows]))
    return {
      sequences: Tensor.from(sequences.flat(), [rows, length], 'int64'),
      ...(sequencesScores && { sequences_scores: Tensor.from(sequencesScores) }),
      ...(steps && { step_logits: ops.stack(steps, 1) }),
      ...(await cacheOf(stepper, decoder)),
    }
  } finally {
    stepper.dispose()
  }
}

/** Feeds a text one token a step. Returns the logits and the final cache. @param ids the text, [B, N] */
export async function cachedRun<Inputs extends object>(
  model: GenerativeModel<Inputs>,
  inputs: Inputs,
  ids: TokenIds,
): Promise<NamedTensors> {
  const [rows, length] = sizesOf(ids.shape, 2)
  const data = await ids.data()
  const column = (position: number) =>
    Int32Array.from({ length: rows }, (_, row) => Number(data[row * length + position]))
  const { decoder } = await model.begin(inputs, mergeOptions(model.generationDefaults, {}))
  const stepper = new CachedStepper(decoder, undefined, model.session)
  try {
    const first = Array.from(column(0), (id) => Int32Array.of(id))
    const logits = [await stepper.start(first, 1)]
    for (let position = 1; position < length; position++)
      logits.push(await stepper.step(column(position), new Uint8Array(rows)))
    const steps = logits.map((step) => Tensor.from(step, [rows, decoder.vocabSize]))
    return { logits: ops.stack(steps, 1), ...(await cacheOf(stepper, decoder)) }
  } finally {
    stepper.dispose()
  }
}

/** Options of a stored call: those of generate(), and those of cases that have their own loop. */
function optionsOf(call: ReferenceRun['call']): GivenOptions {
  const { greedy, new_tokens: newTokens, stop_at_eos: stops = true } = call
  return {
    ...fromLibraryOptions(call),
    ...(greedy === true && { numBeams: 1 }),
    ...(typeof newTokens === 'number' && { maxNewTokens: newTokens }),
    ...(stops === false && { eosTokenId: null }),
  }
}

/** Copies of the cache, which stay valid after the stepper is disposed. */
async function cacheOf(stepper: CachedStepper, { memory }: Decoder): Promise<NamedTensors> {
  const named: NamedTensors = {}
  const add = async (prefix: (layer: number) => string, layers: readonly KeyValue[]) => {
    for (const [layer, { key, value }] of layers.entries()) {
      named[`${prefix(layer)}.key`] = Tensor.from(await key.data(), key.shape)
      named[`${prefix(layer)}.value`] = Tensor.from(await value.data(), value.shape)
    }
  }
  const kept = stepper.content()
  if (!memory) await add((layer) => `cache.${layer}`, kept)
  else {
    await add((layer) => `cache.${layer}.self`, kept)
    await add((layer) => `cache.${layer}.cross`, memory.layers)
  }
  return named
}
