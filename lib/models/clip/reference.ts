import { fromLibrary, type Reference, requestedStates, toLibrary } from '../reference.js'
import type { Clip } from './clip.js'

/** The names of CLIPModel. With `part` the stored run calls only one of its two encoders. */
export const clipReference: Reference<Clip> = async (model, { inputs, call, outputs }) => {
  const interpolatePositions = call.interpolate_pos_encoding === true
  const named = toLibrary(
    await model.run(fromLibrary(inputs), { ...requestedStates(outputs), interpolatePositions }),
  )
  const prefix = call.part === undefined ? '' : `${call.part}_output.`
  const ofPart = Object.entries(named).filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(ofPart.map(([name, tensor]) => [name.slice(prefix.length), tensor]))
}
