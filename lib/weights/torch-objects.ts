import { SaccadeError } from '../errors.js'
import { contiguousStrides } from '../graph/shape.js'
import { exactProduct, type FileDType } from './entry.js'
import { Built, Global, Opaque, type Pickled, type UnpickleOptions } from './pickle.js'

const storageDTypes: ReadonlyMap<string, FileDType> = new Map([
  ['torch.BoolStorage', 'BOOL'],
  ['torch.ByteStorage', 'U8'],
  ['torch.CharStorage', 'I8'],
  ['torch.ShortStorage', 'I16'],
  ['torch.IntStorage', 'I32'],
  ['torch.LongStorage', 'I64'],
  ['torch.HalfStorage', 'F16'],
  ['torch.BFloat16Storage', 'BF16'],
  ['torch.FloatStorage', 'F32'],
  ['torch.DoubleStorage', 'F64'],
])

/** Modules that checkpoints do not need. Nothing is run in any case, but a file that names them is an attack. */
const attacks =
  /^(?:os|posix|nt|sys|subprocess|runpy|importlib|ctypes|socket|shutil|pty|webbrowser|pickle|_pickle)\.|^(?:builtins|__builtin__)\.(?:eval|exec|execfile|compile|open|__import__|apply|input)$/

/** The elements in one entry of the archive; several tensors may share them. */
class TorchStorage extends Built {
  readonly key: string
  readonly dtype: FileDType
  readonly length: number
  constructor(key: string, dtype: FileDType, length: number) {
    super()
    this.key = key
    this.dtype = dtype
    this.length = length
  }
}

/** A view of a storage. `offset` and `strides` are in elements. */
export class TorchTensor extends Built {
  readonly storage: TorchStorage
  readonly offset: number
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  constructor(storage: TorchStorage, offset: number, shape: readonly number[], strides: readonly number[]) {
    super()
    this.storage = storage
    this.offset = offset
    this.shape = shape
    this.strides = strides
  }
}

/**
 * How the globals of torch.save are read: containers, tensors, parameters and storages become objects that describe
 * them, all others are skipped.
 *
 * @param fail called with a fault of the pickle; must throw
 */
export function torchObjects(path: string, fail: (problem: string) => never): Omit<UnpickleOptions, 'fail'> {
  return {
    global: (name) => refuseAttack(path, name),
    build: (name, args) => build(fail, name, args),
    persistent: (id) => readStorage(fail, id),
  }
}

type Fail = (problem: string) => never

function refuseAttack(path: string, name: string): void {
  if (attacks.test(name))
    throw new SaccadeError(
      'PICKLE_FORBIDDEN',
      `${path} names the Python function ${name}, which no checkpoint needs. Nothing was run.`,
    )
}

function build(fail: Fail, name: string, args: readonly Pickled[]): Pickled | undefined {
  switch (name) {
    case 'collections.OrderedDict':
      return orderedDict(fail, args)
    case 'torch._utils._rebuild_tensor_v2':
      return rebuildTensor(fail, args)
    case 'torch._utils._rebuild_parameter':
    case 'torch._utils._rebuild_parameter_with_state':
      return args[0] instanceof TorchTensor ? args[0] : undefined
    case 'torch.Size':
      return Array.isArray(args[0]) ? args[0] : []
    case '_codecs.encode': // how bytes are written in protocol 2
      return typeof args[0] === 'string' ? Uint8Array.from(Buffer.from(args[0], 'latin1')) : undefined
    default:
      return undefined
  }
}

function orderedDict(fail: Fail, args: readonly Pickled[]): Map<Pickled, Pickled> {
  const dict = new Map<Pickled, Pickled>()
  const pairs = args[0] ?? []
  if (!Array.isArray(pairs)) return fail('an OrderedDict of something that is not a list of pairs')
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2)
      return fail('an OrderedDict with an item that is not a pair')
    dict.set(pair[0]!, pair[1]!)
  }
  return dict
}

/** A storage of a type that no layout has (complex, quantized, untyped) is skipped, with its tensors. */
function readStorage(fail: Fail, id: Pickled): TorchStorage | Opaque {
  if (!Array.isArray(id)) return fail('a storage whose id is not a tuple')
  const [kind, type, key, , length] = id
  if (kind !== 'storage' || !(type instanceof Global) || typeof key !== 'string' || !isSize(length))
    return fail('a storage whose id is not (storage, type, key, location, length)')
  const dtype = storageDTypes.get(type.name)
  return dtype ? new TorchStorage(key, dtype, length) : new Opaque(type.name)
}

/** Arguments: storage, offset, size, stride, requires_grad, backward hooks, and since PyTorch 2 metadata. */
function rebuildTensor(fail: Fail, args: readonly Pickled[]): TorchTensor | Opaque {
  const [storage, offset, shape, strides, , , metadata] = args
  if (storage instanceof Opaque) return storage
  if (!(storage instanceof TorchStorage)) return fail('a tensor without a storage')
  if (!isSize(offset) || !isSizes(shape) || !isSizes(strides) || shape.length !== strides.length)
    return fail(`a tensor in storage ${storage.key} whose offset, size and stride do not match`)
  if (metadata instanceof Map && metadata.size > 0)
    return fail(`a tensor in storage ${storage.key} is stored conjugated or negated`)
  return new TorchTensor(storage, offset, shape, strides)
}

/** Number of elements from the first to the last, both included; undefined if it is not a safe integer. */
export function spanOf({ shape, strides }: TorchTensor): number | undefined {
  if (exactProduct(shape) === undefined) return undefined
  if (shape.includes(0)) return 0
  let span = 1
  for (const [axis, size] of shape.entries()) span += (size - 1) * strides[axis]!
  return Number.isSafeInteger(span) ? span : undefined
}

export function isContiguous({ shape, strides }: TorchTensor): boolean {
  const wanted = contiguousStrides(shape)
  return shape.includes(0) || shape.every((size, axis) => size === 1 || strides[axis] === wanted[axis])
}

function isSize(value: Pickled | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isSizes(value: Pickled | undefined): value is number[] {
  return Array.isArray(value) && value.every(isSize)
}
