// The exception of the runtime. `code` is one of lib/errors.ts; the addon passes both to JavaScript.
#pragma once
#include <exception>
#include <sstream>
#include <string>
#include <utility>

namespace saccade {

class Error : public std::exception {
 public:
  Error(const char* code, std::string message) : code_(code), message_(std::move(message)) {}
  const char* code() const { return code_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  const char* code_;  // always a literal
  std::string message_;
};

// Throws an Error whose message is the concatenation of the parts.
template <class... Parts>
[[noreturn]] void fail(const char* code, const Parts&... parts) {
  std::ostringstream message;
  (message << ... << parts);
  throw Error(code, message.str());
}

}  // namespace saccade
