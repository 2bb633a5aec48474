import { createRequire } from 'node:module'

/** The part of onnxruntime-node's interface that the benchmarks use. */
export interface Ort {
  readonly InferenceSession: { create(path: string, options: object): Promise<Session> }
  readonly Tensor: new (
    type: string,
    data: Float32Array | BigInt64Array,
    dims: readonly number[],
  ) => OrtTensor
}
export interface OrtTensor {
  readonly data: Float32Array | BigInt64Array
  readonly dims: readonly number[]
}
export interface Session {
  /** Results go to the tensors of `fetches`, if given. */
  run(
    feeds: Record<string, OrtTensor>,
    fetches?: Record<string, OrtTensor>,
  ): Promise<Record<string, OrtTensor>>
  release(): Promise<void>
}

// The peer has its own package, so that the installation of saccade stays small.
const require = createRequire(new URL('../peers/package.json', import.meta.url))
export const ort = require('onnxruntime-node') as Ort
export const { version } = require('onnxruntime-node/package.json') as { version: string }

export const openSession = (path: string, threads: number): Promise<Session> =>
  ort.InferenceSession.create(path, { intraOpNumThreads: threads, interOpNumThreads: 1 })
