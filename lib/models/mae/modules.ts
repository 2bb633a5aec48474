import { Linear, parameter } from '../../nn/linear.js'
import { LayerNorm } from '../../nn/norm.js'
import { sinusoidalGrid } from '../../nn/position.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import { gridOf } from '../vit/grid.js'
import { readVit, type VitModules } from '../vit/read.js'
import { readLayers } from '../vit/read-layer.js'
import type { Size } from '../vit/spec.js'
import { MaeDecoder } from './decoder.js'
import type { MaeDecoderNames, MaeDecoderSpec, MaeNames, MaeSpec } from './spec.js'

/** The modules of a masked autoencoder. */
export interface MaeModules {
  readonly encoder: VitModules
  readonly decoder: MaeDecoder | undefined
}

/** Reads the weights that the spec needs, under the names of a layout. */
export function readMae(reader: WeightReader, spec: MaeSpec, names: MaeNames): MaeModules {
  return {
    encoder: readVit(reader, spec.encoder, names.encoder),
    decoder: spec.decoder && readDecoder(reader, spec.encoder.width, spec.decoder, names.decoder),
  }
}

/** The positions before any training, float32 [1, 1 + patches, width]: zeros for the class token. */
export function untouchedPositions(grid: Size, width: number): ops.FloatTensor {
  const table = ops.pad(sinusoidalGrid(grid, width), [
    [1, 0],
    [0, 0],
  ])
  return ops.unsqueeze(table, 0)
}

function readDecoder(
  reader: WeightReader,
  inputs: number,
  { layers: spec }: MaeDecoderSpec,
  names: MaeDecoderNames,
): MaeDecoder {
  const { width, image, patch, channels, norm } = spec
  const [rows, columns] = gridOf(image, patch)
  return new MaeDecoder({
    embedding: Linear.read(reader, names.embedding, inputs, width),
    maskToken: parameter(reader, names.maskToken, [1, 1, width]),
    positions: reader.has(names.positions)
      ? parameter(reader, names.positions, [1, 1 + rows * columns, width])
      : untouchedPositions([rows, columns], width),
    layers: readLayers(reader, spec, names),
    norm: LayerNorm.read(reader, names.norm, width, norm.epsilon),
    prediction: Linear.read(reader, names.prediction, width, patch[0] * patch[1] * channels),
  })
}
