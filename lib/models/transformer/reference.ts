import * as ops from '../../ops/index.js'
import { fromLibrary, type Reference, requestedStates, toLibrary } from '../reference.js'
import type { Transformer } from './transformer.js'

/** The names of torch.nn.Transformer.forward. Stored cases have its booleans as int64. */
export const transformerReference: Reference<Transformer> = async (model, { inputs, outputs }) => {
  const typed = Object.entries(inputs).map(([name, tensor]) => [
    name,
    tensor.dtype === 'int64' ? ops.cast(tensor, 'bool') : tensor,
  ])
  return toLibrary(await model.run(fromLibrary(Object.fromEntries(typed)), requestedStates(outputs)))
}
