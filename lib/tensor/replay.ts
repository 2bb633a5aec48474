import { GraphNode, type Node, type Source } from '../graph/node.js'
import { type Prepared, prepare, runPrepared } from '../runtime/run.js'
import { throwIfAborted } from '../runtime/run-options.js'
import { defaultSession, type Session } from '../runtime/session.js'
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
  readonly #session: Session
  #made:
    | { readonly signature: string; readonly places: readonly Node[]; readonly prepared: Prepared }
    | undefined

  /**
   * @param build makes the results from the inputs, by ops alone: distinct tensors that are not inputs themselves. Other
   *   tensors it reads must be computed, and are the same at every run
   * @param session that of every run, which its results carry
   */
  constructor(build: (inputs: readonly Tensor[]) => readonly Tensor[], session: Session = defaultSession) {
    this.#build = build
    this.#session = session
  }

  /**
   * Computes the results for these inputs.
   * @throws ABORTED, DISPOSED, OUT_OF_MEMORY, INDEX_OUT_OF_RANGE, INPUT_INVALID, DEVICE_MISMATCH
   */
  async run(inputs: readonly Tensor[], signal?: AbortSignal): Promise<Tensor[]> {
    throwIfAborted(signal)
    await evaluate(inputs, { session: this.#session, signal })
    const { places, prepared } = this.#prepare(inputs)
    const data = prepared.leaves.map((leaf) => inputs[places.indexOf(leaf)]?.node ?? leaf)
    const sources = await runPrepared(prepared, data, signal)
    return prepared.roots.map(
      ({ dtype, shape }, index) => new Tensor(new GraphNode('data', [], { dtype, shape }, sources[index]!)),
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
      this.#made = { signature, places, prepared: prepare(roots, { session: this.#session }) }
    }
    return this.#made
  }
}
