/** Settings of a process, under the names transformers.js has for them. */
export const env = {
  /** Folder in which relative model paths are looked for, after the working directory. */
  localModelPath: undefined as string | undefined,
  /** Whether models on disk are used by name. */
  allowLocalModels: true,
  /** Whether models may be downloaded from the Hub. */
  allowRemoteModels: true,
  /** Where downloads are kept; default: saccade/ in HF_HOME, or ~/.cache/saccade. */
  cacheDir: undefined as string | undefined,
  /** Where the Hub is. */
  remoteHost: undefined as string | undefined,
}
