import { checkOptions, optionInvalid } from '../options.js'
import { Tensor } from '../tensor/tensor.js'

/**
 * Checks that the inputs of a model are an object, and that their names are known. A tensor in its place is a usual mistake.
 * @param what the function that takes the inputs
 * @throws OPTION_UNKNOWN; OPTION_INVALID unless `inputs` is an object that can be read
 */
export function checkInputNames(inputs: object, names: readonly string[], what: string): void {
  if (typeof inputs !== 'object' || inputs === null || inputs instanceof Tensor)
    optionInvalid(`${what}: inputs`, inputs, `an object with ${names.join(', ')}`)
  checkOptions(inputs, names, `${what}: inputs`)
}
