import type { AllInputs, AllOutputs } from './family-types.js'
import type { Model } from './model.js'
import type { VitOptions } from './vit/inputs.js'

/**
 * A model whose family is not known to the type checker: run() accepts the inputs of all families. Inputs that the model
 * does not have are errors at run(); outputs that it does not have are undefined. `load<Vit>(...)` has the exact types of
 * a known family.
 */
export interface AnyModel extends Model {
  run(inputs: AnyInputs, options?: VitOptions): Promise<AnyOutputs>
}

export type AnyInputs = Partial<AllInputs>
export type AnyOutputs = Partial<AllOutputs>
