/** Process-wide settings. The names are those of transformers.js. */
export const env = {
  /** A relative model path is resolved against the working directory first, then against this folder. */
  localModelPath: undefined as string | undefined,
  /** Whether `localModelPath` is searched. */
  allowLocalModels: true,
  /** Whether models may be downloaded from the Hub. */
  allowRemoteModels: true,
  /** Folder of downloaded files. Default: saccade/ in HF_HOME, or ~/.cache/saccade. */
  cacheDir: undefined as string | undefined,
  /** URL of the Hub. Default: HF_ENDPOINT, or https://huggingface.co. */
  remoteHost: undefined as string | undefined,
  /** Path of a model's files at the Hub. Default: '{model}/resolve/{revision}/'. */
  remotePathTemplate: undefined as string | undefined,
}
