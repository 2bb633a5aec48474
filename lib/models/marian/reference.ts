import * as ops from '../../ops/index.js'
import { Tensor } from '../../tensor/tensor.js'
import { fromLibraryOptions } from '../generation.js'
import {
  asked,
  fromLibrary,
  type NamedTensors,
  type Reference,
  type ReferenceRun,
  toLibrary,
} from '../reference.js'
import { CachedDecoder } from './decoder.js'
import { type Writer, withMemory, write } from './generate.js'
import type { MarianInputs, MarianSource } from './inputs.js'
import type { Marian } from './marian.js'

/** The names of MarianMTModel, of its generate(), and of a decoder that is fed a token a step. */
export const marianReference: Reference<Marian> = async (model, run) => {
  const inputs = fromLibrary<MarianInputs>(run.inputs)
  if (run.outputs.includes('sequences')) return generatingRun(model, inputs, run)
  if (run.outputs.some((name) => name.startsWith('cache.'))) return cachedRun(model.writer(), inputs)
  return toLibrary(await model.run(inputs, asked(run.outputs)))
}

/** Logits of a target fed a token a step, and the keys and values kept in the end. */
async function cachedRun(writer: Writer, inputs: MarianInputs): Promise<NamedTensors> {
  const { decoderInputIds } = inputs
  const [batch, places] = decoderInputIds.shape as readonly number[] as [number, number]
  const tokens = await decoderInputIds.data()
  return withMemory(writer, inputs, undefined, async (memory) => {
    const decoder = new CachedDecoder({ ...writer, memory })
    decoder.start(batch, 1)
    const logits: Tensor[] = []
    for (let place = 0; place < places; place++) {
      const column = Int32Array.from({ length: batch }, (_, row) => Number(tokens[row * places + place]))
      logits.push(Tensor.from(await decoder.step(column), [batch, decoder.vocabSize]))
    }
    const named: NamedTensors = { logits: ops.stack(logits, 1) }
    for (const [kind, layers] of [
      ['self', decoder.content()],
      ['cross', memory.layers],
    ] as const)
      layers.forEach(({ key, value }, layer) => {
        named[`cache.${layer}.${kind}.key`] = key
        named[`cache.${layer}.${kind}.value`] = value
      })
    // The memory goes when this returns: results are copies of it.
    for (const [name, tensor] of Object.entries(named))
      named[name] = Tensor.from((await tensor.data()) as Float32Array, tensor.shape)
    decoder.dispose()
    return named
  })
}

/** What transformers' generate() gives for a call with its options. */
async function generatingRun(
  model: Marian,
  source: MarianSource,
  { call, outputs }: ReferenceRun,
): Promise<NamedTensors> {
  const returnLogits = outputs.includes('step_logits')
  const given = { ...fromLibraryOptions(call), returnLogits }
  const { sequences, sequencesScores, stepLogits } = await write(
    model.writer(),
    source,
    given,
    model.defaults,
  )
  const [rows, length] = [sequences.length, sequences[0]!.length]
  const steps = stepLogits?.map((logits) => Tensor.from(logits, [rows, logits.length / rows]))
  return {
    sequences: Tensor.from(sequences.flat(), [rows, length], 'int64'),
    ...(sequencesScores && { sequences_scores: Tensor.from(sequencesScores) }),
    ...(steps && { step_logits: ops.stack(steps, 1) }),
  }
}
