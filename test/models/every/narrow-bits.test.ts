// In the precisions that multiply in fewer bits, too, a result does not depend on threads and the batch.
import { test } from 'uvu'
import { caseNames, casesOf, open } from './cases.js'
import { checkIndependence } from './independence.js'

for (const dtype of ['bf16', 'q8'] as const)
  for (const name of caseNames)
    test(`${name} in ${dtype}`, async () => {
      using model = await open(name, { dtype })
      for (const each of await casesOf(name, model)) await checkIndependence(model, each)
    })

test.run()
