import { load, Tensor } from '../../lib/index.js'
import type { Vit } from '../../lib/models/vit/vit.js'
import { cos_sim } from '../../lib/pipelines/tensor-output.js'
import { type Line, race, steady } from './line.js'
import { openSession, ort } from './peer.js'

/** Logits of images: fp32 against onnxruntime-node, then narrow precisions against our fp32. */
export async function benchImages(
  models: string,
  name: string,
  threads: number,
  batch: number,
  rounds: number,
): Promise<Line[]> {
  const shape = [batch, 3, 224, 224]
  const pixels = Float32Array.from({ length: batch * 3 * 224 * 224 }, (_, index) => Math.sin(index * 0.37))
  const session = await openSession(`${models}${name}/${name}.onnx`, threads)
  const feeds = { pixel_values: new ort.Tensor('float32', pixels, shape) }
  const open = async (dtype: 'fp32' | 'bf16' | 'q8') =>
    (await load(`${models}${name}`, { threads, dtype })) as Vit
  const run = async (model: Vit) => {
    const { logits } = await model.run({ pixelValues: Tensor.from(pixels, shape) })
    return logits!.data()
  }
  const title = `${name} batch ${batch}, ${threads} thread${threads > 1 ? 's' : ''}`
  using fp32 = await open('fp32')
  const want = (await session.run(feeds)).logits!.data as Float32Array
  const got = await run(fp32)
  const error = got.reduce((worst, value, index) => Math.max(worst, Math.abs(value - want[index]!)), 0)
  if (!(error < 1e-3)) throw new Error(`${title}: logits differ by ${error}`)
  const lines = [
    await race(
      `${title}, fp32 against onnxruntime-node`,
      rounds,
      steady(() => run(fp32)),
      steady(() => session.run(feeds)),
    ),
  ]
  for (const dtype of ['bf16', 'q8'] as const) {
    using smaller = await open(dtype)
    const small = await run(smaller)
    const line = await race(
      `${title}, ${dtype} against our fp32`,
      rounds,
      steady(() => run(smaller)),
      steady(() => run(fp32)),
    )
    lines.push({ ...line, text: `${line.text}; cosine of logits ${cos_sim(small, got).toFixed(6)}` })
  }
  await session.release()
  return lines
}
