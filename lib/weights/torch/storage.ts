import type { FileDType } from '../entry.js'
import { Built, Global, Opaque, type Pickled } from '../pickle/value.js'

/** The elements that one or several tensors are views of, in one place of the file. */
export class TorchStorage extends Built {
  readonly key: string
  /** Name of the class in PyTorch. */
  readonly type: string
  /** undefined for a type that no weight has, such as a quantized one. */
  readonly dtype: FileDType | undefined
  readonly itemBytes: number
  /** In elements. */
  readonly length: number

  constructor(key: string, type: string, { dtype, itemBytes }: StorageType, length: number) {
    super()
    this.key = key
    this.type = type
    this.dtype = dtype
    this.itemBytes = itemBytes
    this.length = length
  }

  get byteLength(): number {
    return this.length * this.itemBytes
  }
}

/** A part of a storage, as PyTorch's legacy format keeps it apart. `start` is in elements. */
export class StorageView extends Built {
  readonly storage: TorchStorage
  readonly start: number
  readonly length: number
  constructor(storage: TorchStorage, start: number, length: number) {
    super()
    this.storage = storage
    this.start = start
    this.length = length
  }
}

interface StorageType {
  readonly dtype: FileDType | undefined
  readonly itemBytes: number
}

const of = (itemBytes: number, dtype?: FileDType): StorageType => ({ dtype, itemBytes })

const storageTypes: ReadonlyMap<string, StorageType> = new Map([
  ['torch.BoolStorage', of(1, 'BOOL')],
  ['torch.ByteStorage', of(1, 'U8')],
  ['torch.CharStorage', of(1, 'I8')],
  ['torch.ShortStorage', of(2, 'I16')],
  ['torch.IntStorage', of(4, 'I32')],
  ['torch.LongStorage', of(8, 'I64')],
  ['torch.HalfStorage', of(2, 'F16')],
  ['torch.BFloat16Storage', of(2, 'BF16')],
  ['torch.FloatStorage', of(4, 'F32')],
  ['torch.DoubleStorage', of(8, 'F64')],
  // Bytes, of which the tensor says the type.
  ['torch.storage.UntypedStorage', of(1, 'U8')],
  ['torch.UntypedStorage', of(1, 'U8')],
  ['torch.ComplexFloatStorage', of(8)],
  ['torch.ComplexDoubleStorage', of(16)],
  ['torch.QInt8Storage', of(1)],
  ['torch.QUInt8Storage', of(1)],
  ['torch.QInt32Storage', of(4)],
  ['torch.QUInt4x2Storage', of(1)],
  ['torch.QUInt2x4Storage', of(1)],
])

/**
 * The object of a persistent id: ('storage', type, key, location, length), in the legacy format with the metadata of a
 * view behind it; or ('module', class, file, source), which is the class. A storage of an unknown type is skipped.
 */
export function readStorage(fail: (problem: string) => never, id: Pickled): Pickled {
  if (!Array.isArray(id)) return fail('a storage whose id is not a tuple')
  const [kind, type, key, , length, view] = id
  if (kind === 'module' && type instanceof Global) return type
  if (kind !== 'storage' || !(type instanceof Global) || typeof key !== 'string' || !isSize(length))
    return fail('a storage whose id is not (storage, type, key, location, length)')
  const known = storageTypes.get(type.name)
  if (!known) return new Opaque(type.name)
  const storage = new TorchStorage(key, type.name, known, length)
  if (view === undefined || view === null) return storage
  const [, start, viewLength] = Array.isArray(view) ? view : []
  if (!isSize(start) || !isSize(viewLength) || start + viewLength > length)
    return fail(`a view that goes past storage ${key}`)
  return new StorageView(storage, start, viewLength)
}

export function isSize(value: Pickled | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
