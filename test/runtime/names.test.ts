// The names that lib/ has in its types are those that the addon numbers. A name that only lib/ has is an error when the
// addon is loaded; a name that only the addon has would be a kernel that nothing can reach.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { instructionNames } from '../../lib/compiler/target.js'
import { dtypes } from '../../lib/graph/dtype.js'
import { binaryKinds, precisions, reduceKinds, unaryKinds } from '../../lib/graph/kinds.js'
import { getRuntime } from '../../lib/runtime/runtime.js'

const { names } = getRuntime().native

test('the addon has the names that lib/ has, and no others', () => {
  const sorted = (list: readonly string[]) => [...list].sort()
  assert.equal(sorted(names.ops), sorted(instructionNames))
  assert.equal(sorted(names.dtypes), sorted([...dtypes, 'packed']))
  assert.equal(sorted(names.binary), sorted(binaryKinds))
  assert.equal(sorted(names.reduce), sorted(reduceKinds))
  assert.equal(sorted(names.precision), sorted(precisions))
  // No op makes these three: `power` and `logicalNot` are written with binary and where.
  assert.equal(sorted(names.unary), sorted([...unaryKinds, 'identity', 'power', 'logicalNot']))
})

test('a row of quantised numbers has the bytes that the kernel writes', () => {
  // The kernel takes no other sizes (test/native/quantized_test.cc); these are those of native/runtime/op.h.
  const target = getRuntime().target('cpu')
  assert.equal([1, 64, 65, 1000].map(target.quantizedRowBytes), [128, 128, 192, 1088])
})

test.run()
