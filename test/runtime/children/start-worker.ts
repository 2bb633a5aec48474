import { Worker } from 'node:worker_threads'

/** Starts a TypeScript file as a worker: Node 20 does not hand the loader of its parent on to it. */
export function startWorker(url: string): Worker {
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const code = `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(url)}) })`
  return new Worker(code, { eval: true })
}
