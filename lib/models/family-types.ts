import type { architectures } from './architectures.js'
import type { Architecture } from './registry.js'

/** All inputs, and all outputs, of the models of all families. */
export type AllInputs = Intersection<InputsOf<Models>>
export type AllOutputs = Intersection<OutputsOf<Models>>

type Models = (typeof architectures)[number] extends Architecture<infer M> ? M : never

// Distributive: a union of models gives the union of their inputs.
type InputsOf<M> = M extends { run(inputs: infer Inputs): unknown } ? Inputs : never
type OutputsOf<M> = M extends { run(inputs: never): Promise<infer Outputs> } ? Outputs : never

/** The intersection of a union: what a function of each member accepts is of every member. */
type Intersection<Union> = (Union extends unknown ? (each: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never
