import { SaccadeError } from '../errors.js'
import type { Node } from '../graph/node.js'
import { formatShape } from '../graph/shape.js'
import type { Graph } from './graph.js'

/**
 * Checks that memory which is written in place has no reader that would see it before or after by chance: nothing but
 * the update reads the cache, and the result is asked for, as the cache itself is used up.
 * @throws INPUT_INVALID
 */
export function checkUpdates(graph: Graph): void {
  const updates = graph.order.filter((node) => node.op === 'update')
  if (updates.length === 0) return
  const asked = new Set(graph.roots.map(beneathReshapes))
  for (const update of updates) {
    let node = update.inputs[0]!
    while (graph.uses(node) === 1 && !node.source) node = node.inputs[0]!
    const cache = `update: the cache ${formatShape(node.shape)}`
    if (graph.uses(node) !== 1)
      throw new SaccadeError(
        'INPUT_INVALID',
        `${cache} has another reader in the same computation; it must read the result of the update`,
      )
    if (!asked.has(update))
      throw new SaccadeError(
        'INPUT_INVALID',
        `${cache} is used up, but the result of the update is not among the tensors to compute`,
      )
  }
}

function beneathReshapes(root: Node): Node {
  let node = root
  while (node.op === 'reshape') node = node.inputs[0]!
  return node
}
