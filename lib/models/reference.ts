import { camelCase, snakeCase } from '../case.js'
import type { Tensor } from '../tensor/tensor.js'
import type { NamedTensors } from './model.js'

/** Tensors, and lists of them, by the names this library gives them. */
export type Results = Readonly<Record<string, Tensor | readonly Tensor[] | undefined>>

/** Inputs of a stored case under our names: input_ids becomes inputIds. */
export function fromLibrary(inputs: NamedTensors): NamedTensors {
  return Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [camelCase(name), tensor]))
}

/** Results under the names of Python libraries: hiddenStates becomes hidden_states.0, hidden_states.1, ... */
export function toLibrary(results: Results): NamedTensors {
  const named: NamedTensors = {}
  for (const [name, value] of Object.entries(results)) {
    const theirs = snakeCase(name)
    if (value === undefined) continue
    if (!isList(value)) named[theirs] = value
    else
      value.forEach((tensor, index) => {
        named[`${theirs}.${index}`] = tensor
      })
  }
  return named
}

/** All tensors of results. */
export function tensorsOf(results: Results): Tensor[] {
  return Object.values(results).flatMap((value) =>
    value === undefined ? [] : isList(value) ? [...value] : [value],
  )
}

function isList(value: Tensor | readonly Tensor[]): value is readonly Tensor[] {
  return Array.isArray(value)
}

/** What a stored run asks for beside the main results. */
export function asked(outputs: readonly string[]): { hiddenStates: boolean; attentions: boolean } {
  return {
    hiddenStates: outputs.some((name) => /hidden_states\.\d|_layers\.\d/.test(name)),
    attentions: outputs.some((name) => /attentions\.\d/.test(name)),
  }
}
