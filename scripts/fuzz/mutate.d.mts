/** What inputs are made of. */
export interface Seeds {
  readonly seeds: readonly Uint8Array[]
  readonly tokens?: readonly string[]
  readonly jsonFrom?: number
}

/** The mutated input that follows from the seed and the index. */
export function inputOf(target: Seeds, seed: number, index: number): Uint8Array
