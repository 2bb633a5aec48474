import { SaccadeError } from '../errors.js'
import { Opaque, type Pickled } from './pickle.js'
import { TorchTensor } from './torch-objects.js'

/** Picks the state dict out of what a PyTorch file holds. `path` is for messages. */
export type StateDictSelector = (root: Pickled, path: string) => ReadonlyMap<string, Pickled>

export interface StateDictRule {
  /** The key in the checkpoint under which the state dict is. */
  readonly key: string
  /** Take only the names that begin so, and take this off. */
  readonly only?: string
}

/**
 * A selector for one layout of checkpoints: the first rule under whose key there are tensors applies, and where there
 * is none, the checkpoint itself is the state dict. `module.`, which torch's DataParallel puts before every name, is
 * taken off.
 */
export function stateDictUnder(rules: readonly StateDictRule[]): StateDictSelector {
  return (root, path) => {
    if (!(root instanceof Map)) throw notADict(root, path)
    for (const { key, only } of rules) {
      const found = root.get(key)
      if (!(found instanceof Map && holds(found, TorchTensor))) continue
      const tensors = withPrefix(named(found), 'module.')
      return only === undefined ? tensors : onlyPrefix(tensors, only)
    }
    // Objects that cannot be built are passed on, so that the error names them rather than a missing dict.
    if (holds(root, TorchTensor) || (holds(root, Opaque) && !holds(root, Map)))
      return withPrefix(named(root), 'module.')
    const keys = [...named(root).keys()]
    throw new SaccadeError(
      'WEIGHTS_CORRUPT',
      `${path} has tensors neither at the top nor under ${rules.map(({ key }) => key).join(', ')}; ` +
        `its keys are ${keys.slice(0, 20).join(', ') || 'none'}`,
    )
  }
}

/**
 * The places where published checkpoints keep their weights: at the top, under `state_dict` or `model` (MAE, DeiT),
 * or under `teacher` with the names of the backbone (DINO, whose projection head is left out).
 */
export const selectStateDict = stateDictUnder([
  { key: 'state_dict' },
  { key: 'model' },
  { key: 'model_state_dict' },
  { key: 'teacher', only: 'backbone.' },
])

function notADict(root: Pickled, path: string): SaccadeError {
  return root instanceof Opaque
    ? new SaccadeError(
        'PICKLE_FORBIDDEN',
        `${path} holds a whole Python object of ${root.name}, which only its code can build: save its state_dict()`,
      )
    : new SaccadeError('WEIGHTS_CORRUPT', `${path} does not hold a dict of tensors`)
}

function holds(dict: Map<Pickled, Pickled>, type: abstract new (...args: never) => unknown): boolean {
  for (const value of dict.values()) if (value instanceof type) return true
  return false
}

function named(dict: Map<Pickled, Pickled>): Map<string, Pickled> {
  const result = new Map<string, Pickled>()
  for (const [key, value] of dict) if (typeof key === 'string') result.set(key, value)
  return result
}

function withPrefix(tensors: Map<string, Pickled>, prefix: string): Map<string, Pickled> {
  for (const name of tensors.keys()) if (!name.startsWith(prefix)) return tensors
  return onlyPrefix(tensors, prefix)
}

function onlyPrefix(tensors: Map<string, Pickled>, prefix: string): Map<string, Pickled> {
  const result = new Map<string, Pickled>()
  for (const [name, value] of tensors)
    if (name.startsWith(prefix)) result.set(name.slice(prefix.length), value)
  return result
}
