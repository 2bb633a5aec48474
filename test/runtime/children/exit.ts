// The process exits while runs are in flight and waiting.
import { longInputs, longProgram } from '../encode.js'

const program = longProgram()
const inputs = longInputs()
for (let i = 0; i < 3; i++) void program.run(inputs, 0)
setTimeout(() => {
  console.log('leaving')
  process.exit(3)
}, 50)
