# Builds the addon for the CPU with nothing but g++ and make. CMakeLists.txt builds the same, and CUDA and the tests.
{
  "variables": {
    "root": "<!(node -p \"require('path').resolve('.')\")",
    "version": "<!(node -p \"require('./package.json').version\")",
    "napi": "<!(node -p \"require('node-addon-api').include_dir\")",
    # CPU kernels: read from the folder, so that a new kernel needs no entry here.
    "kernels": [
      "<!@(node -p \"require('fs').readdirSync('native/cpu').filter(f => f.endsWith('.cc')).map(f => 'native/cpu/' + f).join(' ')\")"
    ],
    "runtime": [
      "<!@(node -p \"['runtime', 'runtime/check', 'cpu/device', 'addon'].flatMap(d => require('fs').readdirSync('native/' + d).filter(f => f.endsWith('.cc')).map(f => 'native/' + d + '/' + f)).join(' ')\")"
    ],
    # The answer must not depend on what the compiler fuses, so contraction is off and kernels name their fma.
    "kernel_flags": ["-std=c++20", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-fvisibility=hidden", "-Wall", "-Wextra"]
  },
  "target_defaults": {
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-rtti", "-fno-exceptions"],
    "xcode_settings": {
      "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
      "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
      "GCC_ENABLE_CPP_RTTI": "YES",
      "MACOSX_DEPLOYMENT_TARGET": "11.0"
    }
  },
  "targets": [
    {
      "target_name": "saccade_cpu_generic",
      "type": "static_library",
      "sources": ["<@(kernels)"],
      "defines": ["SACCADE_ISA=generic"],
      "cflags_cc": ["<@(kernel_flags)"],
      "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)"] }
    },
    {
      "target_name": "saccade",
      "sources": ["<@(runtime)", "native/cuda/absent.cc"],
      "dependencies": ["saccade_cpu_generic"],
      "include_dirs": ["<(napi)"],
      "defines": [
        "NAPI_VERSION=8",
        "NAPI_CPP_EXCEPTIONS",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
        "SACCADE_VERSION=\"<(version)\""
      ],
      "cflags_cc": [
        "-std=c++20", "-O2", "-fvisibility=hidden", "-Wall", "-Wextra",
        "-fstack-protector-strong", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"
      ],
      "conditions": [
        ["target_arch=='x64'", { "dependencies": ["saccade_cpu_avx2", "saccade_cpu_avx512", "saccade_cpu_avx512bf16"] }],
        ["OS=='linux'", {
          # nodelete: the library's threads outlive a worker that was the only one to load it.
          # relro and now: the table of imported functions is read-only once the addon is loaded.
          "ldflags": ["-pthread", "-Wl,-z,nodelete", "-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,noexecstack", "-Wl,--version-script=<(root)/native/addon/exports.map"]
        }]
      ]
    }
  ],
  "conditions": [
    ["target_arch=='x64'", {
      "targets": [
        {
          "target_name": "saccade_cpu_avx2",
          "type": "static_library",
          "sources": ["<@(kernels)"],
          "defines": ["SACCADE_ISA=avx2"],
          "variables": { "isa_flags": ["-mavx2", "-mfma", "-mf16c", "-mbmi2"] },
          "cflags_cc": ["<@(kernel_flags)", "<@(isa_flags)"],
          "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)", "<@(isa_flags)"] }
        },
        {
          "target_name": "saccade_cpu_avx512",
          "type": "static_library",
          "sources": ["<@(kernels)"],
          "defines": ["SACCADE_ISA=avx512"],
          "variables": {
            "isa_flags": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma", "-mf16c", "-mprfchw", "-mprefer-vector-width=512"]
          },
          "cflags_cc": ["<@(kernel_flags)", "<@(isa_flags)"],
          "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)", "<@(isa_flags)"] }
        },
        {
          "target_name": "saccade_cpu_avx512bf16",
          "type": "static_library",
          "sources": ["<@(kernels)"],
          "defines": ["SACCADE_ISA=avx512bf16"],
          "variables": {
            "isa_flags": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma", "-mf16c", "-mprfchw", "-mprefer-vector-width=512", "-mavx512bf16", "-mavx512vnni"]
          },
          "cflags_cc": ["<@(kernel_flags)", "<@(isa_flags)"],
          "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)", "<@(isa_flags)"] }
        }
      ]
    }]
  ]
}
