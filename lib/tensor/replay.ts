import { Node, type Source } from '../graph/node.js'
import { carriedSession } from '../runtime/memory.js'
import { type Prepared, prepare, runPrepared } from '../runtime/run.js'
import { throwIfAborted } from '../runtime/run-options.js'
import type { Session } from '../runtime/session.js'
import { evaluate } from './evaluate.js'
import { Tensor } from './tensor.js'

/** What a graph made for later data has for it. */
const later: Source = { key: 'data of a later run', disposed: false }

/** A graph for inputs of one signature and session. */
interface Made {
  readonly signature: string
  readonly session: Session | undefined
  /** What stands for the inputs in the graph. */
  readonly places: readonly Node[]
  readonly prepared: Prepared
}

/**
 * A computation whose graph is built once and run again with other data: for the steps of a text, whose graph takes as
 * long to build and to look up as a small model takes to run. The graph is built again when the types, shapes or
 * session of the inputs change.
 */
export class Replay {
  readonly #build: (inputs: readonly Tensor[]) => readonly Tensor[]
  readonly #session: Session | undefined
  #made: Made | undefined

  /**
   * @param build makes the results from the inputs, by ops alone: distinct tensors that are not inputs themselves. Other
   *   tensors it reads must be computed, and are the same at every run
   * @param session that of every run, which its results carry; default: that which the inputs carry
   */
  constructor(build: (inputs: readonly Tensor[]) => readonly Tensor[], session?: Session) {
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
      ({ dtype, shape }, index) => new Tensor(new Node('data', dtype, shape, [], undefined, sources[index]!)),
    )
  }

  #prepare(inputs: readonly Tensor[]) {
    const signature = inputs.map((input) => input.describe()).join()
    const session = this.#session ?? carriedSession(inputs.map(({ node }) => node))
    if (this.#made?.signature !== signature || this.#made.session !== session) {
      const places = inputs.map(
        ({ node: { dtype, shape } }) => new Node('data', dtype, shape, [], undefined, later),
      )
      const results = this.#build(places.map((node) => new Tensor(node)))
      const roots = results.map(({ node }) => node)
      this.#made = { signature, session, places, prepared: prepare(roots, { session }) }
    }
    return this.#made
  }
}
