import { contiguousStrides, formatShape } from '../../graph/shape.js'
import { checkLimit } from '../../limits.js'
import { exactProduct, type FileDType, fileDTypeBits } from '../entry.js'
import { Built, Global, Opaque, type Pickled } from '../pickle/value.js'
import { isSize, StorageView, TorchStorage } from './storage.js'

/** A view of a storage. `offset` and `strides` are in elements. */
export class TorchTensor extends Built {
  readonly storage: TorchStorage
  readonly dtype: FileDType
  readonly offset: number
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  constructor(
    storage: TorchStorage,
    dtype: FileDType,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
  ) {
    super()
    this.storage = storage
    this.dtype = dtype
    this.offset = offset
    this.shape = shape
    this.strides = strides
  }

  get itemBytes(): number {
    return fileDTypeBits[this.dtype] / 8
  }

  /** Number of elements from the first to the last, both included; undefined if it is not a safe integer. */
  get span(): number | undefined {
    if (exactProduct(this.shape) === undefined) return undefined
    if (this.shape.includes(0)) return 0
    let span = 1
    for (const [axis, size] of this.shape.entries()) span += (size - 1) * this.strides[axis]!
    return Number.isSafeInteger(span) ? span : undefined
  }

  get contiguous(): boolean {
    const wanted = contiguousStrides(this.shape)
    return (
      this.shape.includes(0) ||
      this.shape.every((size, axis) => size === 1 || this.strides[axis] === wanted[axis])
    )
  }
}

/** Data types of tensors in untyped storages. */
const dtypes: ReadonlyMap<string, FileDType> = new Map([
  ['torch.bool', 'BOOL'],
  ['torch.uint8', 'U8'],
  ['torch.int8', 'I8'],
  ['torch.int16', 'I16'],
  ['torch.uint16', 'U16'],
  ['torch.int32', 'I32'],
  ['torch.uint32', 'U32'],
  ['torch.int64', 'I64'],
  ['torch.uint64', 'U64'],
  ['torch.float16', 'F16'],
  ['torch.bfloat16', 'BF16'],
  ['torch.float32', 'F32'],
  ['torch.float64', 'F64'],
  ['torch.float8_e4m3fn', 'F8_E4M3'],
  ['torch.float8_e4m3fnuz', 'F8_E4M3FNUZ'],
  ['torch.float8_e5m2', 'F8_E5M2'],
  ['torch.float8_e5m2fnuz', 'F8_E5M2FNUZ'],
  ['torch.float8_e8m0fnu', 'F8_E8M0'],
])

type Fail = (problem: string) => never

/** torch._utils._rebuild_tensor and _v2. Arguments: storage, offset, size, stride, requires_grad, hooks, metadata. */
export function rebuildTensor(fail: Fail, args: readonly Pickled[]): TorchTensor | Opaque {
  return rebuild(fail, args, args[6], (storage) => storage.dtype ?? new Opaque(storage.type))
}

/** torch._utils._rebuild_tensor_v3, for types without a storage class: as v2, with the type before the metadata. */
export function rebuildUntypedTensor(fail: Fail, args: readonly Pickled[]): TorchTensor | Opaque {
  const type = args[6]
  if (!(type instanceof Global)) return fail('a tensor without a data type')
  return rebuild(fail, args, args[7], () => dtypes.get(type.name) ?? new Opaque(type.name))
}

function rebuild(
  fail: Fail,
  [source, offset, shape, strides]: readonly Pickled[],
  metadata: Pickled | undefined,
  dtypeOf: (storage: TorchStorage) => FileDType | Opaque,
): TorchTensor | Opaque {
  if (source instanceof Opaque) return source
  const view = source instanceof TorchStorage ? new StorageView(source, 0, source.length) : source
  if (!(view instanceof StorageView)) return fail('a tensor without a storage')
  const { storage } = view
  const where = `a tensor in storage ${storage.key}`
  if (!isSize(offset) || !isSizes(shape) || !isSizes(strides) || shape.length !== strides.length)
    return fail(`${where} whose offset, size and stride do not match`)
  if (metadata instanceof Map && metadata.size > 0) return fail(`${where} is stored conjugated or negated`)
  const dtype = dtypeOf(storage)
  if (dtype instanceof Opaque) return dtype
  // Copies, because a hostile pickle may append to its lists later.
  const tensor = new TorchTensor(storage, dtype, view.start + offset, [...shape], [...strides])
  const { span } = tensor
  const end = span === undefined ? undefined : (offset + span) * tensor.itemBytes
  if (end === undefined || end > view.length * storage.itemBytes)
    return fail(
      `a tensor goes past its storage ${storage.key}: ${formatShape(shape)} with strides ${formatShape(strides)} ` +
        `from ${offset}, in ${view.length} elements`,
    )
  return tensor
}

function isSizes(value: Pickled | undefined): value is number[] {
  if (!Array.isArray(value)) return false
  checkLimit('tensorAxes', value.length, 'the axes of a tensor in a pickle')
  return value.every(isSize)
}
