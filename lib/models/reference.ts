import { camelCase, snakeCase } from '../case.js'
import { SaccadeError } from '../errors.js'
import { Tensor } from '../tensor/tensor.js'
import type { Model } from './model.js'

/** Tensors by name. */
export type NamedTensors = Record<string, Tensor>

/** A stored run of a reference library. */
export interface ReferenceRun {
  /** By the library's argument names. */
  readonly inputs: NamedTensors
  /** The options of the call, as golden.json has them. */
  readonly call: Readonly<Record<string, unknown>>
  /** Names of the requested outputs. */
  readonly outputs: readonly string[]
}

/**
 * Runs a model of the family on a stored case under the argument and output names of the libraries that publish it. Results
 * may be lazy; outputs that the model does not have are left out.
 */
export type Reference = (model: Model, run: ReferenceRun) => NamedTensors | Promise<NamedTensors>

/** Makes a reference of a family. @param type the class of its models */
export function reference<M extends Model>(
  type: abstract new (...parts: never[]) => M,
  run: (model: M, run: ReferenceRun) => NamedTensors | Promise<NamedTensors>,
): Reference {
  return (model, stored) => {
    if (!(model instanceof type))
      throw new SaccadeError('INTERNAL', `no reference names for models of family ${model.info.architecture}`)
    return run(model, stored)
  }
}

/** Converts inputs of a stored case to our names: input_ids becomes inputIds. The model's run() checks them. */
export function fromLibrary<Inputs>(inputs: NamedTensors): Inputs {
  const named = Object.entries(inputs).map(([name, tensor]) => [camelCase(name), tensor])
  return Object.fromEntries(named) as Inputs
}

/**
 * Converts results to the names of Python libraries: hiddenStates becomes hidden_states.0, hidden_states.1, ...; nested
 * results get the name of their parent as a prefix.
 */
export function toLibrary(results: object, prefix = ''): NamedTensors {
  const named: NamedTensors = {}
  for (const [name, value] of Object.entries(results)) {
    const libraryName = prefix + snakeCase(name)
    if (value instanceof Tensor) named[libraryName] = value
    else if (value !== undefined) Object.assign(named, toLibrary(value, `${libraryName}.`))
  }
  return named
}

/** Which optional results a stored run needs. */
export function requestedStates(outputs: readonly string[]): { hiddenStates: boolean; attentions: boolean } {
  return {
    hiddenStates: outputs.some((name) => /hidden_states\.\d|_layers\.\d/.test(name)),
    attentions: outputs.some((name) => /attentions\.\d/.test(name)),
  }
}
