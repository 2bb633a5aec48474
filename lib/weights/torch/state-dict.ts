import { invalid, SaccadeError, shorten, show } from '../../errors.js'
import { withoutWrappers } from '../names.js'
import { Opaque, type Pickled } from '../pickle/value.js'
import { TorchTensor } from './tensor.js'

/** Selects the state dict in the content of a PyTorch file. @param path of the file, for errors */
export type StateDictSelector = (root: Pickled, path: string) => ReadonlyMap<string, Pickled>

export interface StateDictRule {
  /** Key of the state dict in the checkpoint. */
  readonly key: string
  /** Take the names with this prefix only, without it. */
  readonly only?: string
  /** A value of the key that is neither None nor a dict of tensors is an error: other weights would be wrong. */
  readonly required?: boolean
}

/** Some training scripts put a checkpoint into a checkpoint. */
const maxNesting = 4
const shownKeys = 20

/**
 * A selector for one layout of checkpoints: the first rule applies whose key holds tensors; if there is none, the
 * checkpoint itself is the state dict.
 */
export function stateDictUnder(rules: readonly StateDictRule[]): StateDictSelector {
  const select = (root: Pickled, path: string, nesting: number): ReadonlyMap<string, Pickled> => {
    if (!(root instanceof Map)) throw notADict(root, path)
    for (const { key, only, required } of rules) {
      const found = root.get(key)
      if (found === undefined || found === null) continue
      if (found instanceof Map && holds(found, TorchTensor))
        return only ? onlyPrefix(found, only) : named(found)
      if (
        found instanceof Map &&
        nesting < maxNesting &&
        rules.some((rule) => found.get(rule.key) instanceof Map)
      )
        return select(found, path, nesting + 1)
      if (required) throw invalid('WEIGHTS_CORRUPT', `${path}: ${key}`, 'a dict of tensors', kindOf(found))
    }
    // A dict of objects that cannot be built is selected, so that the error names them.
    if (holds(root, TorchTensor) || (holds(root, Opaque) && !holds(root, Map))) return named(root)
    throw invalid(
      'WEIGHTS_CORRUPT',
      path,
      `tensors at the top or under ${rules.map(({ key }) => key).join(', ')}`,
      `the keys ${[...named(root).keys()].slice(0, shownKeys).map(shorten).join(', ') || '(none)'}`,
    )
  }
  return (root, path) => select(root, path, 0)
}

/**
 * Selects the weights of published checkpoints. Weights that were averaged over the training come first, as in timm's
 * `load_state_dict`; then those under `state_dict` or `model` (MAE, DeiT), under `module`
 * (DeepSpeed) or `encoder` (I-JEPA), or at the top, or the backbone under `teacher` (DINO, whose projection head is not
 * used).
 */
export const selectStateDict = stateDictUnder([
  { key: 'state_dict_ema', required: true },
  { key: 'model_ema', required: true },
  { key: 'state_dict' },
  { key: 'model' },
  { key: 'model_state_dict' },
  { key: 'module' },
  { key: 'encoder' },
  { key: 'teacher', only: 'backbone.' },
])

function notADict(root: Pickled, path: string): SaccadeError {
  return root instanceof Opaque
    ? new SaccadeError(
        'PICKLE_FORBIDDEN',
        `${path} holds an object of the Python class ${shorten(root.name)}, which cannot be built without its code: save its state_dict()`,
      )
    : invalid('WEIGHTS_CORRUPT', path, 'a dict of tensors', kindOf(root))
}

function kindOf(value: Pickled): string {
  if (value instanceof Map) return 'a dict without tensors'
  if (value instanceof Opaque) return `an object of ${shorten(value.name)}`
  return Array.isArray(value) ? 'a list' : show(typeof value)
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

function onlyPrefix(dict: Map<Pickled, Pickled>, prefix: string): Map<string, Pickled> {
  const result = new Map<string, Pickled>()
  for (const [key, value] of named(dict)) {
    const name = withoutWrappers(key)
    if (name.startsWith(prefix)) result.set(name.slice(prefix.length), value)
  }
  return result
}
