import { camelCase } from '../../lib/case.js'
import { compareOutput } from '../../lib/cli/verify/compare.js'
import { type Golden, type GoldenRun, readGolden } from '../../lib/cli/verify/golden.js'
import { number, readConfig, string } from '../../lib/files/config.js'
import { evaluate, load, Tensor } from '../../lib/index.js'
import type { Model } from '../../lib/models/model.js'
import { fromLibrary, type NamedTensors } from '../../lib/models/reference.js'
import { runReference } from '../../lib/models/references.js'
import { type Line, race, steady } from './line.js'
import { openSession, ort, type Session } from './peer.js'
import { productRate } from './product.js'

/** Folders of bench/peers/models that bench/peers/vision.py makes. */
export const visionNames = [
  ...['resnet50', 'clip-vit-b32', 'swin-t', 'dinov3-s', 'efficientnet-b0', 'mae-b'],
] as const

/** An image model of full size: its outputs against PyTorch's in float64, its time against onnxruntime-node. */
export async function benchVision(
  models: string,
  name: string,
  threads: number,
  rounds: number,
): Promise<Line[]> {
  const dir = `${models}${name}`
  const golden = await readGolden(dir)
  const run = golden.runs[0]!
  const facts = await readConfig(dir, 'golden.json')
  const title = `${name}, ${threads} thread${threads > 1 ? 's' : ''}`
  using model = await load<VisionModel>(dir, { threads })
  const ours = () => runOurs(model, run)
  const error = await worstError(await referenceOf(model, run), golden, run)
  const checked = `differs from PyTorch by ${error.toExponential(1)} (at most ${golden.tolerance.toExponential(1)})`
  if (facts.values.no_onnx !== undefined)
    return [{ name: title, text: `${checked}; no ONNX: ${string(facts, 'no_onnx')}`, unit: 'ms', rounds: 0 }]

  const session = await openSession(`${dir}/${name}.onnx`, threads)
  const peer = peerRun(session, run)
  const peerError = await worstError(toTensors(await peer()), { ...golden, tolerance: Infinity }, run)
  const before = await productRate(threads)
  const line = await race(`${title}, against onnxruntime-node`, rounds, steady(ours), steady(peer))
  const product = Math.max(before, await productRate(threads))
  await session.release()
  const operations = number(facts, 'floating_point_operations')
  const rate = (milliseconds: number) => operations / milliseconds / 1e6
  const [own, other] = [rate(line.ours!.median), rate(line.peer!.median)]
  const share = (value: number) => `${value.toFixed(0)} GFLOP/s (${((100 * value) / product).toFixed(0)}%)`
  const speed = `${share(own)} against ${share(other)} of a product's ${product.toFixed(0)}`
  const errors = `${checked}, onnxruntime by ${peerError.toExponential(1)}`
  return [{ ...line, text: `${line.text}; ${speed}; ${errors}` }]
}

type VisionModel = Model & { run(inputs: NamedTensors): Promise<Readonly<Record<string, Tensor>>> }

/** The stored outputs, by their names in the library. */
async function referenceOf(model: Model, run: GoldenRun): Promise<NamedTensors> {
  const names = [...run.outputs.keys()]
  const given = await runReference(model, { ...run, outputs: names })
  await evaluate(
    names.map((name) => given[name]!),
    { session: model.session },
  )
  return given
}

/** A run as a user calls it; the stored outputs are copied to JavaScript. */
async function runOurs(model: VisionModel, run: GoldenRun): Promise<void> {
  const results = await model.run(fromLibrary(run.inputs))
  await Promise.all([...run.outputs.keys()].map((name) => results[camelCase(name)]!.data()))
}

function peerRun(session: Session, run: GoldenRun): () => ReturnType<Session['run']> {
  const feeds: Parameters<Session['run']>[0] = {}
  const data = Object.entries(run.inputs).map(async ([name, tensor]) => {
    const values = (await tensor.data()) as Float32Array | BigInt64Array
    const type = values instanceof BigInt64Array ? 'int64' : 'float32'
    feeds[name] = new ort.Tensor(type, values, tensor.shape)
  })
  return async () => {
    await Promise.all(data)
    return session.run(feeds)
  }
}

function toTensors(results: Awaited<ReturnType<Session['run']>>): NamedTensors {
  const named = Object.entries(results).map(([name, { data, dims }]) => [
    name,
    Tensor.from(data as Float32Array, dims),
  ])
  return Object.fromEntries(named)
}

/** The largest difference of the stored outputs, relative to the largest element of each. @throws if it is above the tolerance */
async function worstError(given: NamedTensors, golden: Golden, run: GoldenRun): Promise<number> {
  let worst = 0
  for (const [name, want] of run.outputs) {
    const report = await compareOutput(name, given[name], want, golden.tolerance)
    if (!report.pass)
      throw new Error(`${golden.name}: ${name}: ${report.problem ?? `differs by ${report.relative}`}`)
    worst = Math.max(worst, report.relative)
  }
  return worst
}
