import { SaccadeError } from '../../errors.js'
import { cost, type UnpickleOptions } from '../pickle/unpickle.js'
import { Global, Opaque, type Pickled } from '../pickle/value.js'
import { readStorage } from './storage.js'
import { rebuildTensor, rebuildUntypedTensor, TorchTensor } from './tensor.js'

/** Modules that checkpoints do not need. Nothing is run in any case, but a file that names them is an attack. */
const attacks =
  /^(?:os|posix|nt|sys|subprocess|runpy|importlib|ctypes|socket|shutil|pty|webbrowser|pickle|_pickle)\.|^(?:builtins|__builtin__)\.(?:eval|exec|execfile|compile|open|__import__|apply|input)$/

/** Classes of tensors whose data is that of a plain tensor. Their attributes do not change it. */
const plainTensors = [
  'torch.Tensor',
  'torch.nn.parameter.Parameter',
  'torch.nn.parameter.Buffer',
  'torch.nn.Parameter',
  'torch.nn.Buffer',
]

type Fail = (problem: string) => never
type Spend = (bytes: number) => void

/**
 * How the globals of torch.save are read: containers, tensors, parameters and storages become objects that describe
 * them, all others are skipped.
 *
 * @param fail called with a fault of the pickle; must throw
 */
export function torchObjects(path: string, fail: Fail): Omit<UnpickleOptions, 'what'> {
  return {
    fail,
    global: (name) => refuseAttack(path, name),
    build: (name, args, spend) => build(fail, name, args, spend),
    persistent: (id) => readStorage(fail, id),
  }
}

function refuseAttack(path: string, name: string): void {
  if (attacks.test(name))
    throw new SaccadeError(
      'PICKLE_FORBIDDEN',
      `${path} names the Python function ${name}, which no checkpoint needs. Nothing was run.`,
    )
}

/** The functions that make a tensor of others or of a storage. None of them calls another. */
const rebuilds: ReadonlyMap<string, (fail: Fail, args: readonly Pickled[]) => Pickled | undefined> = new Map([
  ['torch._utils._rebuild_tensor', rebuildTensor],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  ['torch._utils._rebuild_tensor_v3', rebuildUntypedTensor],
  ['torch._utils._rebuild_parameter', rebuildParameter],
  ['torch._utils._rebuild_parameter_with_state', rebuildParameter],
  ['torch.nn.parameter.Parameter', rebuildParameter],
])

function build(fail: Fail, name: string, args: readonly Pickled[], spend: Spend): Pickled | undefined {
  const rebuild = rebuilds.get(name)
  if (rebuild) return rebuild(fail, args)
  switch (name) {
    case 'collections.OrderedDict':
      return orderedDict(fail, args, spend)
    case 'torch._tensor._rebuild_from_type':
    case 'torch._tensor._rebuild_from_type_v2':
      return rebuildFromType(fail, args)
    case 'torch.Size':
      return Array.isArray(args[0]) ? args[0] : []
    case '_codecs.encode': // how bytes are written in protocol 2
      return typeof args[0] === 'string' ? encode(args[0], spend) : undefined
    default:
      return undefined
  }
}

/** Arguments: a tensor, requires_grad, hooks, attributes. */
function rebuildParameter(_: Fail, [tensor]: readonly Pickled[]): Pickled | undefined {
  return tensor instanceof TorchTensor || tensor instanceof Opaque ? tensor : undefined
}

/** Arguments: function, class, the function's arguments, attributes. A tensor saved with attributes is written so. */
function rebuildFromType(fail: Fail, [callee, type, args]: readonly Pickled[]): Pickled | undefined {
  if (!(callee instanceof Global) || !(type instanceof Global) || !Array.isArray(args))
    return fail('a tensor whose function, class and arguments do not match')
  if (!plainTensors.includes(type.name)) return new Opaque(type.name)
  return rebuilds.get(callee.name)?.(fail, args) ?? new Opaque(callee.name)
}

function orderedDict(fail: Fail, args: readonly Pickled[], spend: Spend): Map<Pickled, Pickled> {
  const pairs = args[0] ?? []
  if (!Array.isArray(pairs)) return fail('an OrderedDict of something that is not a list of pairs')
  spend(cost.dict + cost.item * pairs.length)
  const dict = new Map<Pickled, Pickled>()
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2)
      return fail('an OrderedDict with an item that is not a pair')
    dict.set(pair[0]!, pair[1]!)
  }
  return dict
}

function encode(text: string, spend: Spend): Uint8Array {
  spend(text.length)
  return Uint8Array.from(Buffer.from(text, 'latin1'))
}
