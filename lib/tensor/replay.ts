import { throwIfAborted } from '../abort.js'
import { GraphNode, type Node, type Source } from '../graph/node.js'
import { type Prepared, prepare, runPrepared } from '../runtime/run.js'
import { defaultSession, type Session } from '../runtime/session.js'
import { evaluate } from './evaluate.js'
import { Tensor } from './tensor.js'

/** Source of the placeholders in a graph that is built before its data exists. */
const placeholderSource: Source = { key: 'data of a later run', disposed: false }

/**
 * A computation whose graph is built once and then run with other data. Made for the steps of generation: for a small
 * model, building a step's graph and looking its program up takes as long as running it. The graph is built again when
 * data types or shapes of the inputs change.
 */
export class Replay {
  readonly #build: (inputs: readonly Tensor[]) => readonly Tensor[]
  readonly #session: Session
  #cached:
    | { readonly signature: string; readonly placeholders: readonly Node[]; readonly prepared: Prepared }
    | undefined

  /**
   * @param build makes the results from the inputs with ops only. The results are distinct tensors and not inputs. All
   *   other tensors that it reads must be computed, and are the same in every run
   * @param session the session of every run, which the results carry
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
    const { placeholders, prepared } = this.#prepare(inputs)
    const data = prepared.leaves.map((leaf) => inputs[placeholders.indexOf(leaf)]?.node ?? leaf)
    const sources = await runPrepared(prepared, data, signal)
    return prepared.roots.map(
      ({ dtype, shape }, index) => new Tensor(new GraphNode('data', [], { dtype, shape }, sources[index]!)),
    )
  }

  #prepare(inputs: readonly Tensor[]) {
    const signature = inputs.map((input) => input.describe()).join()
    if (this.#cached?.signature !== signature) {
      const placeholders = inputs.map(
        ({ node: { dtype, shape } }) => new GraphNode('data', [], { dtype, shape }, placeholderSource),
      )
      const results = this.#build(placeholders.map((node) => new Tensor(node)))
      const roots = results.map(({ node }) => node)
      this.#cached = { signature, placeholders, prepared: prepare(roots, { session: this.#session }) }
    }
    return this.#cached
  }
}
