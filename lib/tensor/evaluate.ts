import { invalid, SaccadeError, show } from '../errors.js'
import type { Node } from '../graph/node.js'
import { BufferSource } from '../runtime/memory.js'
import { run } from '../runtime/run.js'
import { type RunOptions, throwIfAborted, unlessAborted } from '../runtime/run-options.js'
import { Tensor } from './tensor.js'

/** Runs under way, by the nodes they compute: who asks for the same tensor meanwhile waits for the same run. */
const underWay = new WeakMap<Node, Promise<unknown>>()

/**
 * Computes several tensors in one program, sharing what they have in common. Tensors computed before cost nothing.
 * @throws ABORTED, DISPOSED, OUT_OF_MEMORY, INDEX_OUT_OF_RANGE, INPUT_INVALID, OPTION_INVALID
 */
export async function evaluate(tensors: readonly Tensor[], options: RunOptions = {}): Promise<void> {
  if (!Array.isArray(tensors) || !tensors.every((tensor) => tensor instanceof Tensor))
    throw invalid('INPUT_INVALID', 'evaluate', 'a list of tensors', show(tensors))
  throwIfAborted(options.signal)
  for (;;) {
    for (const tensor of tensors)
      if (tensor.disposed) throw new SaccadeError('DISPOSED', `the tensor ${tensor.describe()} was disposed`)
    const roots = [...new Set(tensors.map(({ node }) => node))].filter((node) => !node.source)
    if (roots.length === 0) return
    const other = roots.map((root) => underWay.get(root)).find((run) => run !== undefined)
    // If the other call fails, be it by its own signal, this one computes the tensor itself.
    if (other) await unlessAborted(other, options.signal)
    else await compute(roots, options)
    for (const tensor of tensors) if (tensor.disposed) letGo(tensor)
  }
}

async function compute(roots: readonly Node[], options: RunOptions): Promise<void> {
  const buffers = run(roots, options)
  const settled = buffers.then(
    () => {},
    () => {},
  )
  for (const root of roots) underWay.set(root, settled)
  try {
    const results = await buffers
    for (const [index, root] of roots.entries()) root.settle(new BufferSource(results[index]!))
  } finally {
    for (const root of roots) underWay.delete(root)
  }
}

/** The result of a tensor that was disposed of while it was computed. */
function letGo({ node }: Tensor): void {
  if (node.source instanceof BufferSource && !node.isConstant) node.source.dispose()
}
