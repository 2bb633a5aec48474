import { invalid, SaccadeError } from '../errors.js'
import { Opaque, type Pickled } from './pickle.js'
import { TorchTensor } from './torch-objects.js'

/** Selects the state dict in the content of a PyTorch file. @param path of the file, for errors */
export type StateDictSelector = (root: Pickled, path: string) => ReadonlyMap<string, Pickled>

export interface StateDictRule {
  /** Key of the state dict in the checkpoint. */
  readonly key: string
  /** Take the names with this prefix only, without it. */
  readonly only?: string
}

/**
 * A selector for one layout of checkpoints: the first rule applies whose key holds tensors; if there is none, the
 * checkpoint itself is the state dict. The prefix `module.`, which torch's DataParallel adds to all names, is removed.
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
    // A dict of objects that cannot be built is selected, so that the error names them.
    if (holds(root, TorchTensor) || (holds(root, Opaque) && !holds(root, Map)))
      return withPrefix(named(root), 'module.')
    const keys = [...named(root).keys()]
    throw invalid(
      'WEIGHTS_CORRUPT',
      path,
      `tensors at the top or under ${rules.map(({ key }) => key).join(', ')}`,
      `the keys ${keys.join(', ') || '(none)'}`,
    )
  }
}

/**
 * Selects the weights of published checkpoints: at the top, under `state_dict` or `model` (MAE, DeiT), or the backbone
 * under `teacher` (DINO, whose projection head is not used).
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
        `${path} holds an object of the Python class ${root.name}, which cannot be built without its code: save its state_dict()`,
      )
    : invalid('WEIGHTS_CORRUPT', path, 'a dict of tensors', Array.isArray(root) ? 'a list' : typeof root)
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
