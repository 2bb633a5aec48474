// Every stored case of every family as inputs of run().
import { existsSync, readdirSync } from 'node:fs'
import { type GoldenRun, readGolden } from '../../../lib/cli/verify/golden.js'
import { ImageNetwork } from '../../../lib/models/image-network.js'
import { type LoadOptions, load } from '../../../lib/models/load.js'
import type { Model } from '../../../lib/models/model.js'
import { fromLibrary, type NamedTensors, toLibrary } from '../../../lib/models/reference.js'
import { golden } from '../goldens.js'
import { type NamedValues, tensorOf, type Values, valuesOf } from './values.js'

/** Folders of stored cases. */
export const caseNames = readdirSync(golden('')).filter((name) => existsSync(`${golden(name)}/golden.json`))

export interface Case {
  readonly run: string
  /** By our names. */
  readonly inputs: NamedValues
  readonly options: { readonly interpolatePositions?: boolean }
}

/** A model whose family does not matter. */
export interface EveryModel extends Model {
  run(inputs: object, options?: object): Promise<object>
}

export const open = (name: string, options: LoadOptions = {}) => load<EveryModel>(golden(name), options)

/** The runs of a stored case that are one call of run(): those of generation are not. */
export async function casesOf(name: string, model: Model): Promise<readonly Case[]> {
  const { runs } = await readGolden(golden(name))
  // DINO's own code always resizes positions, and Beit needs no option for it.
  const optionOf = (call: GoldenRun['call']) => {
    if (model.info.architecture === 'beit') return false
    return model.info.layout.startsWith('facebookresearch/dino') || call.interpolate_pos_encoding === true
  }
  const cases = runs
    .filter(({ call }) => !['use_cache', 'num_beams'].some((key) => Object.hasOwn(call, key)))
    .map(async ({ name: run, call, inputs }) => ({
      ...{ run, inputs: await ourInputs(inputs) },
      options: optionOf(call) ? { interpolatePositions: true } : {},
    }))
  return Promise.all(cases)
}

async function ourInputs(stored: NamedTensors): Promise<NamedValues> {
  const { boolMaskedPos: maskedPatches, ...inputs } = await elementsOf(fromLibrary<NamedTensors>(stored))
  // torch's masks are booleans, which cases store as int64.
  const isTorch = inputs.src !== undefined
  const typed = Object.entries(inputs).map(([name, values]) => [
    name,
    isTorch && name.endsWith('Mask') ? asBool(values) : values,
  ])
  return { ...Object.fromEntries(typed), ...(maskedPatches && { maskedPatches }) }
}

const asBool = ({ shape, bytes }: Values): Values => ({
  ...{ shape, dtype: 'bool' },
  bytes: Uint8Array.from(new BigInt64Array(bytes.slice().buffer), Number),
})

async function elementsOf(tensors: NamedTensors): Promise<Record<string, Values>> {
  const entries = Object.entries(tensors).map(async ([name, tensor]) => [
    name,
    await valuesOf(tensor, tensor.data()),
  ])
  return Object.fromEntries(await Promise.all(entries))
}

export const tensorsOf = (inputs: NamedValues): NamedTensors =>
  Object.fromEntries(Object.entries(inputs).map(([name, values]) => [name, tensorOf(values)]))

/** All results of a run, by the names of Python libraries. */
export async function outputsOf(
  model: EveryModel,
  inputs: NamedValues,
  options: object = {},
): Promise<NamedValues> {
  const states = { hiddenStates: true, ...(model instanceof ImageNetwork ? {} : { attentions: true }) }
  return elementsOf(toLibrary(await model.run(tensorsOf(inputs), { ...states, ...options })))
}
