import {
  fromLibrary,
  type NamedTensors,
  type Reference,
  reference,
  requestedStates,
  toLibrary,
} from '../reference.js'
import { configKind } from '../registry.js'
import { Clip } from './clip.js'
import { ImageEncoder, TextEncoder } from './encoders.js'

/** The names of transformers and open_clip. With `part` the stored run calls only one of the two encoders. */
const bothReference = reference(Clip, async (model, { inputs, call, outputs }) => {
  const openClip = configKind(model.config).library === 'open_clip'
  const interpolatePositions = call.interpolate_pos_encoding === true
  const states = openClip ? { hiddenStates: true } : requestedStates(outputs)
  const result = await model.run(fromLibrary(inputs), { ...states, interpolatePositions })
  const named: NamedTensors = toLibrary(result)
  for (const [short, part] of [
    ['vision', result.visionModelOutput],
    ['text', result.textModelOutput],
  ] as const) {
    const { hiddenStates = [], attentions = [] } = part ?? {}
    Object.assign(named, toLibrary({ hiddenStates, attentions }, `${short}_`))
    const blocks = `${short === 'vision' ? 'visual' : short}_blocks`
    for (const [index, state] of hiddenStates.slice(1).entries()) named[`${blocks}.${index}`] = state
  }
  const prefix = call.part === undefined ? '' : `${call.part}_output.`
  const ofPart = Object.entries(named).filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(ofPart.map(([name, tensor]) => [name.slice(prefix.length), tensor]))
})

/** The names of the encoders alone. */
const textEncoderReference = reference(TextEncoder, async (model, { inputs, outputs }) =>
  toLibrary(await model.run(fromLibrary(inputs), requestedStates(outputs))),
)

const imageEncoderReference = reference(ImageEncoder, async (model, { inputs, call, outputs }) => {
  const interpolatePositions = call.interpolate_pos_encoding === true
  return toLibrary(
    await model.run(fromLibrary(inputs), { ...requestedStates(outputs), interpolatePositions }),
  )
})

/** The names of the model's class. */
export const clipReference: Reference = (model, run) => {
  if (model instanceof TextEncoder) return textEncoderReference(model, run)
  if (model instanceof ImageEncoder) return imageEncoderReference(model, run)
  return bothReference(model, run)
}
