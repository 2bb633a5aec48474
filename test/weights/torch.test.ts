import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SaccadeError, type SaccadeErrorCode } from '../../lib/errors.js'
import { fileDTypeBits, type TensorEntry } from '../../lib/weights/entry.js'
import { readSafetensors } from '../../lib/weights/safetensors.js'
import { readTorch } from '../../lib/weights/torch/read.js'
import { stateDictUnder } from '../../lib/weights/torch/state-dict.js'
import { mutate, randomFrom } from '../support/mutate.js'
import {
  dataPath,
  dictPickle,
  inFolder,
  op,
  pickleBytes,
  rejects,
  tensorPickle,
  torchBytes,
  u32,
  withFile,
  withLimits,
  zipBytes,
} from './build.js'

const path = (name: string) => dataPath(`weights/${name}`)
const golden = (name: string) => dataPath(`goldens/${name}`)
const expected: Record<
  string,
  Record<string, { dtype: string; shape: number[]; values: number[] }>
> = JSON.parse(await readFile(path('expected.json'), 'utf8'))

const floats = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer)
const read = (bytes: Uint8Array) => withFile('x.pth', bytes, readTorch)
const readPickle = (pickle: Uint8Array) => read(torchBytes(pickle, { 0: floats }))

/** Elements of a tensor, read from its file by its offset and strides. */
function valuesOf(file: Buffer, { dtype, shape, offset, strides }: TensorEntry): number[] {
  const width = fileDTypeBits[dtype] / 8
  const half = (bits: number) => {
    const exponent = (bits >> 10) & 31
    return exponent ? 2 ** (exponent - 15) * (1 + (bits & 1023) / 1024) : (bits & 1023) * 2 ** -24
  }
  const reads: Record<string, (at: number) => number> = {
    F64: (at) => file.readDoubleLE(at),
    F32: (at) => file.readFloatLE(at),
    F16: (at) => half(file.readUInt16LE(at)),
    BF16: (at) => Buffer.from([0, 0, file[at]!, file[at + 1]!]).readFloatLE(),
    I64: (at) => Number(file.readBigInt64LE(at)),
    I32: (at) => file.readInt32LE(at),
    I16: (at) => file.readInt16LE(at),
    I8: (at) => file.readInt8(at),
    U8: (at) => file[at]!,
    BOOL: (at) => file[at]!,
    U16: (at) => file.readUInt16LE(at),
    U32: (at) => file.readUInt32LE(at),
  }
  const places = shape.reduce(
    (list, size, axis) => {
      const stride = strides?.[axis] ?? shape.slice(axis + 1).reduce((a, b) => a * b, 1)
      return list.flatMap((place) => Array.from({ length: size }, (_, i) => place + i * stride))
    },
    [0],
  )
  return places.map((place) => reads[dtype]!(offset + place * width))
}

const dtypeNames: Record<string, string> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  uint16: 'U16',
  uint32: 'U32',
  bool: 'BOOL',
}

for (const [name, wanted] of Object.entries(expected))
  test(`${name}: every tensor where PyTorch put it`, async () => {
    const entries = await readTorch(path(name))
    const file = await readFile(path(name))
    assert.equal(entries.map((entry) => entry.name).sort(), Object.keys(wanted).sort())
    for (const entry of entries) {
      const want = wanted[entry.name]!
      assert.equal([entry.dtype, entry.shape], [dtypeNames[want.dtype], want.shape], entry.name)
      assert.equal(valuesOf(file, entry), want.values, entry.name)
    }
  })

test('only tensors that need it have strides, and views share their storage', async () => {
  const entries = new Map((await readTorch(path('views.pth'))).map((entry) => [entry.name, entry]))
  const strided = [...entries.values()].filter(({ strides }) => strides).map(({ name }) => name)
  assert.equal(strided, ['transposed', 'permuted', 'columns', 'stepped', 'expanded'])
  const whole = entries.get('whole')!
  assert.is(entries.get('row')!.offset, whole.offset + 80)
  assert.is(entries.get('columns')!.byteLength, (11 * 5 + 2) * 4)
})

for (const [folder, file] of [
  ['dino-v1-original', 'backbone.pth'],
  ['dino-v1-original', 'full_checkpoint.pth'],
  ['mae-original', 'checkpoint.pth'],
])
  test(`${folder}/${file} holds what model.safetensors holds`, async () => {
    const wanted = (await readSafetensors(golden(`${folder}/model.safetensors`))).tensors
    const got = new Map((await readTorch(golden(`${folder}/${file}`))).map((entry) => [entry.name, entry]))
    assert.equal([...got.keys()].sort(), wanted.map(({ name }) => name).sort())
    const wantedFile = await readFile(golden(`${folder}/model.safetensors`))
    const gotFile = await readFile(golden(`${folder}/${file}`))
    for (const { name, shape, offset, byteLength } of wanted) {
      const entry = got.get(name)!
      assert.equal(entry.shape, shape)
      const bytes = gotFile.subarray(entry.offset, entry.offset + entry.byteLength)
      assert.ok(bytes.equals(wantedFile.subarray(offset, offset + byteLength)), name)
    }
  })

test('a selector of the layout picks another state dict', async () => {
  const student = await readTorch(
    golden('dino-v1-original/full_checkpoint.pth'),
    stateDictUnder([{ key: 'student' }]),
  )
  assert.ok(student.every(({ name }) => name.startsWith('module.backbone.')))
  await rejects(
    readTorch(golden('dino-v1-original/full_checkpoint.pth'), stateDictUnder([{ key: 'ema' }])),
    'WEIGHTS_CORRUPT',
    'full_checkpoint.pth',
    'ema',
    'student, teacher, epoch, args',
  )
})

test('what is no state dict, or needs code, is refused by name', async () => {
  const cases: [string, SaccadeErrorCode, string][] = [
    ['attack.pth', 'PICKLE_FORBIDDEN', 'posix.system'],
    ['whole-module.pth', 'PICKLE_FORBIDDEN', 'torch.nn.modules.container.Sequential'],
    ['sparse.pth', 'PICKLE_FORBIDDEN', '_rebuild_sparse_tensor'],
    ['quantized.pth', 'PICKLE_FORBIDDEN', 'torch._utils._rebuild_qtensor'],
    [
      'subclass.pth',
      'PICKLE_FORBIDDEN',
      'weight is a Python object of torch.nn.parameter.UninitializedParameter',
    ],
    ['complex.pth', 'PICKLE_FORBIDDEN', 'torch.ComplexFloatStorage'],
    ['conjugated.pth', 'WEIGHTS_CORRUPT', 'conjugated or negated'],
    ['protocol4.pth', 'WEIGHTS_CORRUPT', 'protocol 4'],
    ['compressed.pth', 'WEIGHTS_CORRUPT', 'is compressed'],
    ['script.pt', 'WEIGHTS_CORRUPT', 'TorchScript'],
    ['expected.json', 'WEIGHTS_CORRUPT', 'not a zip archive'],
    ['missing.pth', 'FILE_NOT_FOUND', 'does not exist'],
  ]
  for (const [name, code, problem] of cases) await rejects(readTorch(path(name)), code, name, problem)
})

test('globals that only an attack needs are refused wherever they stand', async () => {
  for (const [module, name] of [
    ['os', 'system'],
    ['builtins', 'eval'],
    ['__builtin__', 'exec'],
    ['subprocess', 'Popen'],
    ['importlib', 'import_module'],
  ] as const)
    await rejects(
      readPickle(dictPickle('weight', op.global(module, name), op.mark, op.text('x'), op.tuple, op.reduce)),
      'PICKLE_FORBIDDEN',
      `${module}.${name}`,
      'Nothing was run',
    )
})

test('unknown objects beside the tensors are stepped over, with all that is put into them', async () => {
  const unknown = [op.global('my.package', 'Config'), op.emptyTuple, '\x81']
  const entries = await readPickle(
    pickleBytes(
      op.proto,
      op.dict,
      op.mark,
      ...[op.text('model'), op.dict, op.mark, op.text('weight'), ...tensorPickle(), op.setItems],
      ...[op.text('args'), ...unknown, op.dict, op.mark, op.text('lr'), op.int(1), op.setItems, 'b'],
      ...[op.text('list'), ...unknown, op.mark, op.int(1), 'e', op.int(2), 'a'],
      ...[op.text('dict'), ...unknown, op.mark, op.int(1), op.int(2), op.setItems, op.int(1), op.int(2), 's'],
      ...[op.text('called'), ...unknown, op.emptyTuple, op.reduce],
      op.setItems,
      op.stop,
    ),
  )
  assert.equal(
    entries.map(({ name }) => name),
    ['weight'],
  )
  assert.equal(entries[0]!.shape, [4])
})

test('names that could reach a prototype are names', async () => {
  const entries = await readPickle(dictPickle('__proto__', ...tensorPickle()))
  assert.is(entries[0]!.name, '__proto__')
  await rejects(
    readPickle(dictPickle('w', op.global('__proto__', 'polluted'), op.emptyTuple, op.reduce)),
    'PICKLE_FORBIDDEN',
    '__proto__',
  )
  assert.is(({} as Record<string, unknown>).polluted, undefined)
})

const brokenPickles: [string, string | RegExp, Uint8Array][] = [
  ['is empty', 'ends in the middle', pickleBytes()],
  ['has no end', 'ends in the middle', pickleBytes(op.proto, op.dict)],
  ['is of protocol 5', 'protocol 5', pickleBytes('\x80\x05', op.dict, op.stop)],
  ['is of protocol 0', 'protocol 0', pickleBytes('\x80\x00', op.dict, op.stop)],
  ['has the opcode INST', 'opcode 0x69', pickleBytes(op.proto, op.mark, 'ios\nsystem\n', op.stop)],
  ['has the opcode EXT1', 'opcode 0x82', pickleBytes(op.proto, '\x82\x01', op.stop)],
  ['has an opcode that there is not', 'opcode 0xff at byte 2', pickleBytes(op.proto, '\xff')],
  ['takes from an empty stack', 'more values than it pushed', pickleBytes(op.proto, op.stop)],
  ['makes a tuple of too few', 'more values than it pushed', pickleBytes(op.proto, 'N\x87', op.stop)],
  ['has a tuple without a mark', 'more values than it pushed', pickleBytes(op.proto, 'Nt', op.stop)],
  ['stores what it does not have', 'more values than it pushed', pickleBytes(op.proto, 'q\x00', op.stop)],
  ['leaves values over', 'remain on the stack', pickleBytes(op.proto, 'NN', op.stop)],
  ['leaves a mark over', 'remain on the stack', pickleBytes(op.proto, op.mark, 'N', op.stop)],
  ['refers to nothing', 'value 4294967295', pickleBytes(op.proto, 'j', u32(0xffffffff), op.stop)],
  [
    'has a text longer than itself',
    'ends in the middle',
    pickleBytes(op.proto, 'X', u32(0xffffffff), op.stop),
  ],
  [
    'has bytes longer than itself',
    'ends in the middle',
    pickleBytes(op.proto, 'B', u32(0x7fffffff), op.stop),
  ],
  [
    'has an integer of 4 GB',
    'an integer of 4294967295 bytes',
    pickleBytes(op.proto, '\x8b', u32(0xffffffff), op.stop),
  ],
  ['has text that is not UTF-8', 'not UTF-8', pickleBytes(op.proto, 'X', u32(1), '\xff', op.stop)],
  ['has a global without an end', 'middle of an instruction', pickleBytes(op.proto, 'cos')],
  [
    'has a key without a value',
    'key without a value',
    pickleBytes(op.proto, op.dict, op.mark, 'N', op.setItems, op.stop),
  ],
  ['puts keys into a list', 'not a dict', pickleBytes(op.proto, ']', op.mark, 'NN', op.setItems, op.stop)],
  ['puts items into a dict', 'not a list', pickleBytes(op.proto, op.dict, 'Na', op.stop)],
  ['sets attributes of a number', 'attributes', pickleBytes(op.proto, op.int(1), op.dict, 'b', op.stop)],
  [
    'calls a number',
    'a call of something',
    pickleBytes(op.proto, op.int(1), op.emptyTuple, op.reduce, op.stop),
  ],
  [
    'calls with a number',
    'not a tuple',
    pickleBytes(op.proto, op.global('a', 'b'), op.int(1), op.reduce, op.stop),
  ],
  ['is a number', 'expected a dict of tensors', pickleBytes(op.proto, op.int(1), op.stop)],
  ['is an empty dict', 'got the keys (none)', pickleBytes(op.proto, op.dict, op.stop)],
  ['has a storage without a tuple', 'not a tuple', dictPickle('w', op.text('storage'), op.persistent)],
  ['has a storage of a text', 'is not (storage', dictPickle('w', op.text('storage'), '\x85', op.persistent)],
  [
    'has no storage',
    'without a storage',
    dictPickle('w', op.global('torch._utils', '_rebuild_tensor_v2'), ')', 'R'),
  ],
  ['has a storage not in the archive', 'storage 9', dictPickle('w', ...tensorPickle({ key: '9' }))],
  ['leads out of the archive', 'storage ../0', dictPickle('w', ...tensorPickle({ key: '../0' }))],
  [
    'has a storage of another length',
    'has 16 bytes, not the 20',
    dictPickle('w', ...tensorPickle({ length: 5 })),
  ],
  [
    'has a storage of another type',
    'not the 32 of torch.DoubleStorage',
    dictPickle('w', ...tensorPickle({ type: 'DoubleStorage' })),
  ],
  ['has a negative offset', 'do not match', dictPickle('w', ...tensorPickle({ offset: -1 }))],
  ['has a negative stride', 'do not match', dictPickle('w', ...tensorPickle({ strides: [-1] }))],
  ['has a negative size', 'do not match', dictPickle('w', ...tensorPickle({ shape: [-1] }))],
  ['has more strides than sizes', 'do not match', dictPickle('w', ...tensorPickle({ strides: [4, 1] }))],
  [
    'has a tensor past its storage',
    'goes past its storage',
    dictPickle('w', ...tensorPickle({ shape: [5] })),
  ],
  [
    'has an offset past its storage',
    'goes past its storage',
    dictPickle('w', ...tensorPickle({ offset: 1 })),
  ],
  [
    'has a stride past its storage',
    'goes past its storage',
    dictPickle('w', ...tensorPickle({ shape: [2, 2], strides: [3, 1] })),
  ],
  [
    'has sizes whose product is too large',
    'goes past its storage',
    dictPickle('w', ...tensorPickle({ shape: Array(9).fill(2 ** 30), strides: Array(9).fill(0) })),
  ],
]
for (const [what, pattern, pickle] of brokenPickles)
  test(`refuses a pickle that ${what}`, async () => {
    await rejects(readPickle(pickle), 'WEIGHTS_CORRUPT', 'x.pth', pattern)
  })

test('bombs cost what they weigh', async () => {
  const deep = pickleBytes(op.proto, 'N', '\x85'.repeat(1_000_000), op.stop)
  await rejects(readPickle(deep), 'WEIGHTS_CORRUPT', 'expected a dict of tensors')
  const marks = pickleBytes(op.proto, '('.repeat(500_000), 't'.repeat(500_000), op.stop)
  await rejects(readPickle(marks), 'WEIGHTS_CORRUPT')
  // Each round doubles what the value would print as; here it adds two references.
  const laughs = Array.from({ length: 200 }, () => 'q\x00h\x00\x86')
  await rejects(
    readPickle(pickleBytes(op.proto, 'N', ...laughs, op.stop)),
    'WEIGHTS_CORRUPT',
    'expected a dict of tensors',
  )
  const itself = pickleBytes(op.proto, op.dict, 'q\x00', op.text('a'), 'h\x00', 's', op.stop)
  await rejects(readPickle(itself), 'WEIGHTS_CORRUPT', 'got the keys a')
  const memo = pickleBytes(op.proto, op.dict, 'r', u32(0xffffffff), 'r', u32(0x80000000), op.stop)
  await rejects(readPickle(memo), 'WEIGHTS_CORRUPT', 'got the keys (none)')
})

/** A small stream that would build much: each is refused by the limit, not by the memory of the machine. */
const amplified: [string, Uint8Array][] = [
  ['empty dicts', pickleBytes(op.proto, op.dict.repeat(30_000))],
  ['empty lists', pickleBytes(op.proto, ']'.repeat(30_000))],
  ['marks', pickleBytes(op.proto, op.mark.repeat(200_000))],
  ['names of classes', pickleBytes(op.proto, 'c\n\n'.repeat(15_000))],
  ['empty texts', pickleBytes(op.proto, 'X\0\0\0\0'.repeat(40_000))],
  ['stored values', pickleBytes(op.proto, 'N', 'q\x01'.repeat(40_000))],
  ['tuples of the same value', pickleBytes(op.proto, 'N', '\x85'.repeat(30_000))],
  [
    'a list copied at each call',
    pickleBytes(
      ...[op.proto, ']q\x01', op.mark, 'NN\x86'.repeat(300), 'e0'],
      ...[op.global('collections', 'OrderedDict'), 'q\x000'],
      'h\x00h\x01\x85R'.repeat(300),
    ),
  ],
]
for (const [what, pickle] of amplified)
  test(`a pickle that multiplies ${what} is refused by a limit`, () =>
    withLimits({ unpickledBytes: 1_500_000 }, () =>
      rejects(readPickle(pickle), 'LIMIT_EXCEEDED', 'unpickledBytes', 'x.pth'),
    ))

test('descriptions that are too long are refused before they are read', () =>
  withLimits({ weightsHeaderBytes: 1000, tensors: 10 }, async () => {
    await rejects(readPickle(Buffer.alloc(1001)), 'LIMIT_EXCEEDED', 'data.pkl', 'weightsHeaderBytes')
    await rejects(
      read(pickleBytes(op.proto, ']'.repeat(1001), op.stop)),
      'LIMIT_EXCEEDED',
      'the magic number',
      'weightsHeaderBytes',
    )
    const huge = zipBytes(parts, (_, end) => end.writeUInt32LE(2 ** 31, 12))
    await rejects(read(huge), 'LIMIT_EXCEEDED', 'zip directory', 'weightsHeaderBytes')
    const many = Array.from({ length: 11 }, (_, index) => ({ name: `a/${index}`, data: Buffer.alloc(0) }))
    await rejects(read(zipBytes(many)), 'LIMIT_EXCEEDED', 'zip directory', 'tensors')
    const axes = { shape: Array(65).fill(1), strides: Array(65).fill(1) }
    const wide = torchBytes(dictPickle('w', ...tensorPickle(axes)), { 0: floats })
    await withLimits({ weightsHeaderBytes: 10_000 }, () =>
      rejects(read(wide), 'LIMIT_EXCEEDED', 'tensorAxes'),
    )
  }))

test('integers of all widths', async () => {
  const { unpickle } = await import('../../lib/weights/pickle/unpickle.js')
  const value = async (...parts: (string | Uint8Array)[]) => {
    const found = await unpickle(pickleBytes(op.proto, ...parts, op.stop), {
      what: 'a pickle',
      fail: (problem) => {
        throw new Error(problem)
      },
      global: () => {},
      build: () => undefined,
      persistent: () => null,
    })
    return found?.value
  }
  assert.is(await value('K\xff'), 255)
  assert.is(await value('M\xff\xff'), 65535)
  assert.is(await value('J\xff\xff\xff\xff'), -1)
  assert.is(await value('\x8a\x00'), 0)
  assert.is(await value('\x8a\x01\xff'), -1)
  assert.is(await value('\x8a\x02\xff\x00'), 255)
  assert.is(await value('\x8a\x07\x00\x00\x00\x00\x00\x00\x20'), 2n ** 53n)
  assert.is(await value('\x8b\x09\x00\x00\x00', '\x00'.repeat(8), '\x01'), 2n ** 64n)
  assert.is(await value('G\x3f\xf8\x00\x00\x00\x00\x00\x00'), 1.5)
  assert.equal(await value('\x88\x89N\x87'), [true, false, null])
  assert.equal(await value('C\x02\x00\xff'), Uint8Array.of(0, 255))
  assert.is(await value('U\x02\x00\xff'), '\x00\xff')
})

const legacy = await readFile(path('legacy.pth'))
const keysAt = legacy.lastIndexOf('\x80\x02', undefined, 'latin1')
/** legacy.pth with other bytes in place of some that occur once. */
const changed = (from: string | Uint8Array, to: string | Uint8Array): Buffer => {
  const [old, other] = [Buffer.from(from as string, 'latin1'), Buffer.from(to as string, 'latin1')]
  const at = legacy.indexOf(old)
  assert.ok(at >= 0)
  return Buffer.concat([legacy.subarray(0, at), other, legacy.subarray(at + old.length)])
}
const brokenLegacy: [string, string | RegExp, Uint8Array][] = [
  ['another pickle', 'not one of torch.save', pickleBytes(op.proto, op.dict, op.stop)],
  ['another version', 'version 1002', changed('M\xe9\x03', 'M\xea\x03')],
  ['big endian', 'big-endian machine', changed('little_endianq\x02\x88', 'little_endianq\x02\x89')],
  [
    'no facts of the machine',
    'not a dict',
    changed('\x80\x02}q\x00(X\x10\0\0\0protocol', '\x80\x02N.(X\x10\0\0\0protocol'),
  ],
  ['a storage too short', 'truncated', legacy.subarray(0, -1)],
  ['no keys', 'middle of an instruction', legacy.subarray(0, keysAt)],
  [
    'keys that are no list',
    'not a list',
    Buffer.concat([legacy.subarray(0, keysAt), pickleBytes(op.proto, 'N.')]),
  ],
  [
    'keys of other storages',
    'not those in the pickle',
    Buffer.concat([legacy.subarray(0, keysAt), pickleBytes(op.proto, ']', op.text('x'), 'a.')]),
  ],
  [
    'a missing storage',
    'which the file does not have',
    Buffer.concat([legacy.subarray(0, keysAt), pickleBytes(op.proto, '].')]),
  ],
  [
    'a tar archive',
    'before 0.1.10',
    Buffer.concat([Buffer.alloc(257), Buffer.from('ustar'), Buffer.alloc(100)]),
  ],
]
for (const [what, pattern, bytes] of brokenLegacy)
  test(`refuses a file in the legacy format with ${what}`, async () => {
    await rejects(read(bytes), 'WEIGHTS_CORRUPT', 'x.pth', pattern)
  })

test('weights that were averaged come first, unless there are none', async () => {
  const select = async (key: string, ...value: (string | Uint8Array)[]) =>
    (
      await readPickle(
        pickleBytes(
          ...[op.proto, op.dict, op.mark, op.text(key), ...value],
          ...[op.text('model'), op.dict, op.mark, op.text('plain'), ...tensorPickle(), op.setItems],
          ...[op.setItems, op.stop],
        ),
      )
    ).map(({ name }) => name)
  const averaged = [op.dict, op.mark, op.text('averaged'), ...tensorPickle(), op.setItems]
  for (const key of ['state_dict_ema', 'model_ema']) {
    assert.equal(await select(key, ...averaged), ['averaged'])
    assert.equal(await select(key, 'N'), ['plain'])
    await rejects(select(key, op.dict), 'WEIGHTS_CORRUPT', key, 'a dict of tensors')
    await rejects(select(key, op.global('my', 'Average'), ')R'), 'WEIGHTS_CORRUPT', key, 'my.Average')
  }
  assert.equal(await select('state_dict', ...averaged), ['averaged'])
  assert.equal(await select('model_state_dict', ...averaged), ['plain'])
  assert.equal(await select('state_dict', op.dict, op.mark, op.text('model'), ...averaged, op.setItems), [
    'averaged',
  ])
})

const weight = dictPickle('weight', ...tensorPickle())
const parts = [
  { name: 'a/data.pkl', data: weight },
  { name: 'a/data/0', data: floats },
]
const brokenArchives: [string, string | RegExp, Uint8Array][] = [
  ['no data.pkl', 'has 0', zipBytes([parts[1]!])],
  ['data.pkl twice', 'has 2', zipBytes([...parts, { ...parts[0]!, name: 'b/data.pkl' }])],
  ['an entry twice', 'names a/data/0 twice', zipBytes([...parts, parts[1]!])],
  ['an encrypted entry', 'a/data/0 is encrypted', zipBytes([parts[0]!, { ...parts[1]!, flags: 1 }])],
  ['a compressed entry', 'a/data/0 is compressed', zipBytes([parts[0]!, { ...parts[1]!, method: 93 }])],
  ['a wrong checksum', 'checksum of a/data.pkl', zipBytes([{ ...parts[0]!, crc: 1 }, parts[1]!])],
  ['an entry of another name', 'disagree', zipBytes([parts[0]!, { ...parts[1]!, localName: 'a/data/1' }])],
  ['big endian data', '"big"', zipBytes([...parts, { name: 'a/byteorder', data: Buffer.from('big') }])],
  [
    'two sizes of an entry',
    'two different sizes',
    zipBytes(parts, (directory) => directory.writeUInt32LE(9, 20)),
  ],
  [
    'an entry past the next',
    'ends at byte',
    zipBytes(parts, (d) => [20, 24].map((at) => d.writeUInt32LE(9999, at))),
  ],
  ['an entry past the directory', 'ends at byte', zipBytes(parts, (d) => d.writeUInt32LE(2 ** 31, 42))],
  [
    'no zip64 field where one is needed',
    'zip64 field is missing',
    zipBytes(parts, (d) => d.writeUInt32LE(2 ** 32 - 1, 42)),
  ],
  ['a name past the directory', 'cut off', zipBytes(parts, (d) => d.writeUInt16LE(60000, 28))],
  ['an entry without its signature', 'corrupt after 0 entries', zipBytes(parts, (d) => d.writeUInt32LE(0))],
  ['more entries than it counts', 'more than 1', zipBytes(parts, (_, end) => end.writeUInt16LE(1, 10))],
  [
    'a directory past its end',
    'zip directory is at',
    zipBytes(parts, (_, end) => end.writeUInt32LE(2 ** 31, 16)),
  ],
  [
    'a directory longer than the file',
    'directory is',
    zipBytes(parts, (_, end) => end.writeUInt32LE(10 ** 7, 12)),
  ],
  ['a comment that is cut off', 'not a zip archive', zipBytes(parts, (_, end) => end.writeUInt16LE(5, 20))],
]
for (const [what, pattern, bytes] of brokenArchives)
  test(`refuses an archive with ${what}`, async () => {
    await rejects(read(bytes), 'WEIGHTS_CORRUPT', 'x.pth', pattern)
  })

for (const name of ['views.pth', 'legacy-views.pth'])
  test(`every truncation of ${name} is found`, async () => {
    const bytes = await readFile(path(name))
    for (let length = 0; length < bytes.length; length += 23)
      await rejects(read(bytes.subarray(0, length)), 'WEIGHTS_CORRUPT')
  })

test('damage never gets past as anything but a SaccadeError', async () => {
  const random = randomFrom(2)
  const archive = await readFile(path('training.pth'))
  const legacy = await readFile(path('legacy-views.pth'))
  const pickleLength = archive.readUInt32LE(archive.indexOf('PK\x01\x02') + 24)
  const pickleStart = 30 + archive.readUInt16LE(26) + archive.readUInt16LE(28)
  const pickle = archive.subarray(pickleStart, pickleStart + pickleLength)
  let found = 0
  await inFolder(async (dir) => {
    const file = join(dir, 'x.pth')
    for (let round = 0; round < 3000; round++) {
      // The pickle has a checksum, so damage to it is tried apart, under a right one.
      const kinds = [mutate(archive, random), torchBytes(mutate(pickle, random)), mutate(legacy, random)]
      await writeFile(file, kinds[round % 3]!)
      const result = await readTorch(file).catch((error: unknown) => error)
      if (!(result instanceof Error)) continue
      if (!(result instanceof SaccadeError)) throw result
      assert.ok(
        ['WEIGHTS_CORRUPT', 'PICKLE_FORBIDDEN', 'LIMIT_EXCEEDED'].includes(result.code),
        result.message,
      )
      found++
    }
  })
  assert.ok(found > 1500, `only ${found} found`)
})

test.run()
