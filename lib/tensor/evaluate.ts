import { SaccadeError } from '../errors.js'
import type { Node } from '../graph/node.js'
import { BufferSource } from '../runtime/memory.js'
import { run } from '../runtime/run.js'
import { checkRunOptions, type RunOptions, throwIfAborted, unlessAborted } from '../runtime/run-options.js'
import { Tensor } from './tensor.js'

/** Runs under way, by the nodes they compute: who asks for the same tensor meanwhile waits for the same run. */
const underWay = new WeakMap<Node, Promise<unknown>>()

/**
 * Computes several tensors in one program, sharing what they have in common. Tensors computed before cost nothing.
 * Device, dtype and threads default to those the data was computed with (see {@link RunOptions}).
 * @throws ABORTED, DISPOSED, OUT_OF_MEMORY, INDEX_OUT_OF_RANGE, INPUT_INVALID, OPTION_INVALID, OPTION_UNKNOWN,
 *   DEVICE_UNAVAILABLE, DEVICE_MISMATCH
 */
export async function evaluate(tensors: readonly Tensor[], options: RunOptions = {}): Promise<void> {
  if (!Array.isArray(tensors) || !tensors.every((tensor) => tensor instanceof Tensor))
    throw new SaccadeError('INPUT_INVALID', 'evaluate takes a list of tensors')
  checkRunOptions(options, 'evaluate')
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
  const sources = run(roots, options)
  const settled = sources.then(
    () => {},
    () => {},
  )
  for (const root of roots) underWay.set(root, settled)
  try {
    const results = await sources
    for (const [index, root] of roots.entries()) root.settle(results[index]!)
  } finally {
    for (const root of roots) underWay.delete(root)
  }
}

/** The result of a tensor that was disposed of while it was computed. */
function letGo({ node }: Tensor): void {
  if (node.source instanceof BufferSource && !node.isConstant) node.source.dispose()
}
