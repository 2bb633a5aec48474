import { architectures } from './architectures.js'
import type { Model } from './model.js'
import type { NamedTensors, ReferenceRun } from './reference.js'

/**
 * Runs a model on a stored case under the argument and output names of the library that published its layout.
 * Results may be lazy; outputs that the model does not have are left out.
 */
export async function runReference(model: Model, run: ReferenceRun): Promise<NamedTensors> {
  const family = architectures.find(({ name }) => name === model.info.architecture)!
  const reference = await family.reference()
  return reference(model, run)
}
