import { SaccadeError } from '../errors.js'
import type { Node } from '../graph/node.js'
import { BufferSource } from '../runtime/memory.js'
import { type RunOptions, run, throwIfAborted } from '../runtime/programs.js'
import type { Tensor } from './tensor.js'

/**
 * Computes several tensors in one program, sharing what they have in common. Tensors computed before cost nothing.
 * @throws ABORTED, DISPOSED, OUT_OF_MEMORY, INDEX_OUT_OF_RANGE
 */
export async function evaluate(tensors: readonly Tensor[], options: RunOptions = {}): Promise<void> {
  throwIfAborted(options.signal)
  for (const tensor of tensors)
    if (tensor.disposed) throw new SaccadeError('DISPOSED', `the tensor ${tensor.describe()} was disposed`)
  const roots = [...new Set(tensors.map(({ node }) => node))].filter((node) => !node.source)
  if (roots.length === 0) return
  const buffers = await run(roots, options)
  for (const [index, node] of roots.entries()) settle(node, new BufferSource(buffers[index]!))
}

/** Two calls may have computed the same node side by side: the first result stays. */
function settle(node: Node, source: BufferSource): void {
  if (node.source) source.dispose()
  else node.settle(source)
}
