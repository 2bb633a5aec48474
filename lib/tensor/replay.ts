import { GraphNode, type Node, type Source } from '../graph/node.js'
import { BufferSource } from '../runtime/memory.js'
import { type Prepared, prepare, runPrepared } from '../runtime/run.js'
import { checkRunOptions, type RunOptions, throwIfAborted } from '../runtime/run-options.js'
import { evaluate } from './evaluate.js'
import { Tensor } from './tensor.js'

/** What a graph made for later data has for it. */
const later: Source = { key: 'data of a later run', disposed: false }

/**
 * A computation whose graph is built once and run again with other data: for the steps of a text, whose graph takes as
 * long to build and to look up as a small model takes to run. The graph is built again when the inputs' types or shapes
 * are others than before.
 */
export class Replay {
  readonly #build: (inputs: readonly Tensor[]) => readonly Tensor[]
  readonly #options: Omit<RunOptions, 'signal'>
  #made:
    | { readonly signature: string; readonly places: readonly Node[]; readonly prepared: Prepared }
    | undefined

  /**
   * @param build makes the results from the inputs, by ops alone: distinct tensors that are not inputs themselves. Other
   *   tensors it reads must be computed, and are the same at every run
   * @param options threads and precision of every run
   */
  constructor(
    build: (inputs: readonly Tensor[]) => readonly Tensor[],
    options: Omit<RunOptions, 'signal'> = {},
  ) {
    this.#build = build
    this.#options = options
  }

  /**
   * Computes the results for these inputs.
   * @throws ABORTED, DISPOSED, OUT_OF_MEMORY, INDEX_OUT_OF_RANGE, INPUT_INVALID, OPTION_INVALID
   */
  async run(inputs: readonly Tensor[], signal?: AbortSignal): Promise<Tensor[]> {
    const options = { ...this.#options, signal }
    checkRunOptions(options)
    throwIfAborted(signal)
    await evaluate(inputs, options)
    const { places, prepared } = this.#prepare(inputs)
    const data = prepared.leaves.map((leaf) => inputs[places.indexOf(leaf)]?.node ?? leaf)
    const buffers = await runPrepared(prepared, data, options)
    return prepared.roots.map(
      ({ dtype, shape }, index) =>
        new Tensor(new GraphNode('data', [], { dtype, shape }, new BufferSource(buffers[index]!))),
    )
  }

  #prepare(inputs: readonly Tensor[]) {
    const signature = inputs.map((input) => input.describe()).join()
    if (this.#made?.signature !== signature) {
      const places = inputs.map(
        ({ node: { dtype, shape } }) => new GraphNode('data', [], { dtype, shape }, later),
      )
      const results = this.#build(places.map((node) => new Tensor(node)))
      const roots = results.map(({ node }) => node)
      this.#made = { signature, places, prepared: prepare(roots, this.#options.precision) }
    }
    return this.#made
  }
}
