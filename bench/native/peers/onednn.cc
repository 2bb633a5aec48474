// oneDNN: the matmul primitive, with weights in the order it asks for, made once as this library's are.
#include <omp.h>

#include <oneapi/dnnl/dnnl.hpp>

#include "../../../native/cpu/device/isa.h"
#include "../sequence.h"
#include "peers.h"

namespace saccade::bench {
namespace {

using dnnl::memory;

const dnnl::engine& engineOf() {
  static const dnnl::engine& engine = *[] {
    // Kernels of one instruction set race against those of the same.
    if (std::string(kernels().isa) == "avx2") dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx2);
    return new dnnl::engine(dnnl::engine::kind::cpu, 0);
  }();
  return engine;
}

memory::desc matrix(int64_t rows, int64_t columns, memory::format_tag tag) {
  return {{rows, columns}, memory::data_type::f32, tag};
}

struct Product {
  explicit Product(const GemmRace& race) : stream(engineOf()) {
    using tag = memory::format_tag;
    const memory::desc a = matrix(race.m, race.k, tag::ab), out = matrix(race.m, race.n, tag::ab);
    const memory::desc any = matrix(race.k, race.n, tag::any);
    const dnnl::matmul::primitive_desc description({a, any, out}, engineOf());
    matmul = dnnl::matmul(description);
    memory plain(matrix(race.k, race.n, tag::ab), engineOf(), race.b->data());
    const memory::desc ordered = description.weights_desc();
    for (int64_t i = 0; i < race.copies; ++i) {
      copies.push_back(uninitialized(static_cast<int64_t>(ordered.get_size())));
      weights.emplace_back(ordered, engineOf(), copies.back()->data());
    }
    dnnl::reorder(plain, weights[0]).execute(stream, plain, weights[0]);
    stream.wait();
    for (size_t i = 1; i < copies.size(); ++i) {
      std::copy_n(copies[0]->data(), copies[0]->bytes(), copies[i]->data());
    }
    for (size_t i = 0; i < race.a.size(); ++i) {
      inputs.emplace_back(a, engineOf(), race.a[i]->data());
      outputs.emplace_back(out, engineOf(), race.out[i]->data());
    }
  }

  dnnl::stream stream;
  dnnl::matmul matmul;
  std::vector<std::shared_ptr<Memory>> copies;
  std::vector<memory> weights, inputs, outputs;
};

}  // namespace

Contender onednnGemm(const GemmRace& race) {
  // How it splits the work is settled when the primitive is made.
  omp_set_num_threads(race.threads);
  const auto product = std::make_shared<Product>(race);
  return {"oneDNN", [race, product](int64_t round) {
            omp_set_num_threads(race.threads);
            for (int64_t call = 0; call < race.calls; ++call) {
              const size_t turn = race.activationOfCall(call);
              product->matmul.execute(product->stream,
                                      {{DNNL_ARG_SRC, product->inputs[turn]},
                                       {DNNL_ARG_WEIGHTS, product->weights[race.copyOfCall(round, call)]},
                                       {DNNL_ARG_DST, product->outputs[turn]}});
            }
            product->stream.wait();
          }};
}

std::string onednnVersion() {
  const dnnl_version_t* version = dnnl_version();
  std::string text = "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
                     std::to_string(version->patch);
  engineOf();
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx2:
      return text + ", AVX2";
    case dnnl::cpu_isa::avx512_core:
      return text + ", AVX-512";
    case dnnl::cpu_isa::avx512_core_vnni:
      return text + ", AVX-512 VNNI";
    case dnnl::cpu_isa::avx512_core_bf16:
      return text + ", AVX-512 BF16";
    default:
      return text;
  }
}

}  // namespace saccade::bench
