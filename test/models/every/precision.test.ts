// In narrow precisions every output of every stored case is finite, and close to its reference. Most layers of the cases
// are narrower than what q8 makes 8 bits; test/compiler/precision.test.ts has wider ones.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readGolden } from '../../../lib/cli/verify/golden.js'
import { cos_sim } from '../../../lib/index.js'
import { runReference } from '../../../lib/models/references.js'
import type { DTypeName } from '../../../lib/runtime/session.js'
import { evaluate } from '../../../lib/tensor/evaluate.js'
import { golden } from '../goldens.js'
import { caseNames, open } from './cases.js'

/** For each precision, the least cosine of an output with its reference; and of {@link sensitive} families. */
const floors = { fp16: [0.999999, 0.99999], bf16: [0.9999, 0.998], q8: [0.9999, 0.9999] } as const
const precisions = Object.entries(floors) as [DTypeName, readonly [number, number]][]

/**
 * Deep convolutions with random weights, whose features are nearly 0; similarities, which are differences; and attention
 * over cosines times a factor (Swin V2).
 */
const sensitive = ['bit', 'resnet', 'align', 'dpt', 'clip', 'swin']

for (const [dtype, [floor, lowest]] of precisions)
  test(`every stored case in ${dtype} is close to its reference`, async () => {
    const far: string[] = []
    let compared = 0
    for (const name of caseNames) {
      using model = await open(name, { dtype })
      const { runs } = await readGolden(golden(name))
      for (const run of runs) {
        const names = [...run.outputs.keys()]
        const given = await runReference(model, { ...run, outputs: names })
        await evaluate(
          names.flatMap((output) => given[output] ?? []),
          { session: model.session },
        )
        for (const [output, want] of run.outputs) {
          const got = await given[output]!.data()
          if (!(got instanceof Float32Array && want.data instanceof Float32Array)) continue
          compared++
          const close = want.data.some((x) => x !== 0)
            ? cos_sim(got, want.data)
            : Number(got.every((x) => x === 0))
          // Negated, so that NaN is far.
          if (!(close > (sensitive.includes(model.info.architecture) ? lowest : floor)))
            far.push(`${name}, ${run.name}: ${output} ${close}`)
        }
      }
    }
    assert.equal(far, [])
    assert.ok(compared > 1000, `${compared} outputs`)
  })

test.run()
