#include "files.h"

#include <algorithm>
#include <utility>

namespace saccade {

void Files::add(const Memory& memory) {
  std::shared_ptr<const Mapping> file = memory.file();
  if (file == nullptr || std::find(files_.begin(), files_.end(), file) != files_.end()) return;
  files_.push_back(std::move(file));
}

void Files::check() const {
  for (const auto& file : files_) file->check();
}

}  // namespace saccade
