// Nothing but a run keeps the process alive; after it nothing does.
import { floats, read, sum } from '../encode.js'

const n = 1 << 18
const a = floats(new Float32Array(n).fill(1))
void sum(n, 500)
  .run([a, a], 2)
  .then(([result]) => console.log('result', read(result)[n - 1]))
