#!/usr/bin/env node
// Makes prebuilds/<platform>-<arch>/saccade.<libc>.node, which the published package contains, so that its installation
// needs no compiler and no install script.
//
// prebuildify compiles with node-gyp. It is configured to call this file instead, as `prebuild.mjs rebuild ...`, so that
// CMake builds the addon, with CUDA.
import { fileURLToPath } from 'node:url'
import { require, run } from './native.mjs'

const args = process.argv.slice(2)

function compile() {
  const tool = require.resolve('cmake-js/bin/cmake-js')
  const arch = args.find((arg) => arg.startsWith('--arch='))?.slice('--arch='.length)
  // Links the C++ library statically: the target machine may have an older one.
  const settings = ['--CDSTATIC_LIBRARIES=ON', ...(arch === undefined ? [] : ['--arch', arch])]
  return run(process.execPath, [tool, 'rebuild', '--log-level', 'error', ...settings])
}

function prebuild() {
  const tool = require.resolve('prebuildify/bin.js')
  const self = fileURLToPath(import.meta.url)
  return run(process.execPath, [tool, '--napi', '--strip', '--tag-libc', `--node-gyp=${self}`, ...args])
}

process.exitCode = args[0] === 'rebuild' ? compile() : prebuild()
