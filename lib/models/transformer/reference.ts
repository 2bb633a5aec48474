import * as ops from '../../ops/index.js'
import { fromLibrary, reference, requestedStates, toLibrary } from '../reference.js'
import { Transformer } from './transformer.js'

/** The names of torch.nn.Transformer.forward. Stored cases have its booleans as int64. */
export const transformerReference = reference(Transformer, async (model, { inputs, outputs }) => {
  const typed = Object.entries(inputs).map(([name, tensor]) => [
    name,
    tensor.dtype === 'int64' ? ops.cast(tensor, 'bool') : tensor,
  ])
  return toLibrary(await model.run(fromLibrary(Object.fromEntries(typed)), requestedStates(outputs)))
})
