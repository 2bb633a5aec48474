// Leaves the process while a run is under way.
import { register } from 'tsx/esm/api'

register()
const { load, Tensor } = await import('../../lib/index.ts')
const model = await load(process.argv[2])
void model.run({ pixelValues: Tensor.zeros([8, 3, 224, 224]) })
setTimeout(() => process.exit(7), 300)
