import { invalid } from '../errors.js'
import type { Node } from '../graph/node.js'
import { formatShape } from '../graph/shape.js'
import type { Graph } from './graph.js'

/**
 * Checks the in-place updates. Only the update may read the cache, because the order of other readers and the write is not
 * defined. The result of the update must be computed, because the run consumes the cache.
 * @throws INPUT_INVALID
 */
export function checkUpdates(graph: Graph): void {
  const updates = graph.order.filter((node) => node.op === 'update')
  if (updates.length === 0) return
  const computed = new Set(graph.roots.map(withoutReshapes))
  for (const update of updates) {
    let node = update.inputs[0]!
    while (graph.uses(node) === 1 && !node.source) node = node.inputs[0]!
    const cache = `update: cache ${formatShape(node.shape)}`
    if (graph.uses(node) !== 1)
      throw invalid(
        'INPUT_INVALID',
        cache,
        'no other reader in the same computation (others must read the result of the update)',
        `${graph.uses(node)} readers`,
      )
    if (!computed.has(update))
      throw invalid(
        'INPUT_INVALID',
        cache,
        'the result of the update among the computed tensors, because the cache is consumed',
        'a computation without it',
      )
  }
}

function withoutReshapes(root: Node): Node {
  let node = root
  while (node.op === 'reshape') node = node.inputs[0]!
  return node
}
