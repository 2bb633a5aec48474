import { unlessAborted } from '../abort.js'
import { SaccadeError } from '../errors.js'
import type { Node } from '../graph/node.js'
import { BufferSource } from '../runtime/memory.js'
import { run } from '../runtime/run.js'
import { checkRunOptions, type RunOptions } from '../runtime/run-options.js'

/** The part of Tensor that is used here; tensor.ts imports this file. A tensor may be disposed during the computation. */
interface TensorLike {
  readonly node: Node
  readonly disposed: boolean
  describe(): string
}

/** Pending runs by the nodes that they compute: calls for the same tensor wait for the same run. */
const pending = new WeakMap<Node, Promise<unknown>>()

/**
 * Computes the nodes of several tensors in one program, except those that are computed already.
 * @throws ABORTED, DISPOSED, OUT_OF_MEMORY, INDEX_OUT_OF_RANGE, INPUT_INVALID, OPTION_INVALID, OPTION_UNKNOWN,
 *   DEVICE_UNAVAILABLE, DEVICE_MISMATCH
 */
export async function compute(tensors: readonly TensorLike[], given: RunOptions): Promise<void> {
  const options = checkRunOptions(given, 'evaluate')
  for (;;) {
    for (const tensor of tensors)
      if (tensor.disposed) throw new SaccadeError('DISPOSED', `the tensor ${tensor.describe()} was disposed`)
    const roots = [...new Set(tensors.map(({ node }) => node))].filter((node) => !node.source)
    if (roots.length === 0) return
    const other = roots.map((root) => pending.get(root)).find((run) => run !== undefined)
    // If the other call fails, for example by its own signal, the next iteration computes the tensor.
    if (other) await unlessAborted(other, options.signal)
    else await computeRoots(roots, options)
    for (const tensor of tensors) if (tensor.disposed) disposeResult(tensor.node)
  }
}

async function computeRoots(roots: readonly Node[], options: RunOptions): Promise<void> {
  const sources = run(roots, options)
  const settled = sources.then(
    () => {},
    () => {},
  )
  for (const root of roots) pending.set(root, settled)
  try {
    const results = await sources
    for (const [index, root] of roots.entries()) root.settle(results[index]!)
  } finally {
    for (const root of roots) pending.delete(root)
  }
}

/** Disposes the result of a tensor that was disposed while it was computed. */
function disposeResult(node: Node): void {
  if (node.source instanceof BufferSource && !node.isConstant) node.source.dispose()
}
