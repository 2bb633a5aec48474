// Runs a fuzz target without libFuzzer: replays files, or mutates a corpus for some time.
//
//   TARGET FILE...                                     runs each file once
//   TARGET --corpus=FOLDER [--seconds=N] [--seed=N] [--crashes=FOLDER]
//
// Before an input runs it is in memory; when the process dies of it (a signal, or the report of a sanitizer),
// it is written to the folder for crashes. The last line is 'N executions, N accepted'.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "mutate.h"
#include "target.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
extern "C" void __sanitizer_set_death_callback(void (*callback)());
// The sanitizer of undefined behaviour has callbacks of its own, which cannot be set; but its end can be a
// signal.
extern "C" const char* __ubsan_default_options();
extern "C" const char* __ubsan_default_options() {
  return "abort_on_error=1:print_stacktrace=1";
}
#endif

namespace {

using namespace saccade::fuzz;

// What runs now, for the callback at the end of the process, which must not allocate.
const uint8_t* current = nullptr;
size_t currentBytes = 0;
char crashFile[4096] = "crash.bin";

void keepInput() {
  if (current == nullptr) return;
  const int file = open(crashFile, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) return;
  if (write(file, current, currentBytes) >= 0) fprintf(stderr, "the input is in %s\n", crashFile);
  close(file);
  current = nullptr;
}

void onSignal(int signal) {
  keepInput();
  ::signal(signal, SIG_DFL);
  raise(signal);
}

void execute(const std::vector<uint8_t>& input) {
  current = input.data();
  currentBytes = input.size();
  LLVMFuzzerTestOneInput(input.data(), input.size());
  current = nullptr;
}

std::vector<uint8_t> readFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::vector<uint8_t>> readCorpus(const std::string& folder) {
  std::vector<std::string> names;
  DIR* const directory = opendir(folder.c_str());
  if (directory == nullptr) return {};
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') names.push_back(folder + "/" + entry->d_name);
  }
  closedir(directory);
  std::sort(names.begin(), names.end());
  std::vector<std::vector<uint8_t>> inputs;
  for (const std::string& name : names) inputs.push_back(readFile(name));
  return inputs;
}

std::vector<uint8_t> bytesOf(const Numbers& numbers) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(numbers.data());
  return {bytes, bytes + numbers.size() * sizeof(double)};
}

// Inputs that the target accepted are mutated further, so that changes add up.
int fuzz(const std::string& corpusFolder, double seconds, uint64_t seed) {
  std::vector<std::vector<uint8_t>> corpus = readCorpus(corpusFolder);
  if (corpus.empty()) {
    fprintf(stderr, "no corpus in %s\n", corpusFolder.c_str());
    return 1;
  }
  const size_t given = corpus.size();
  for (const auto& input : corpus) execute(input);
  std::mt19937_64 random(seed);
  uint64_t executions = given;
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) {
    const auto& a = corpus[random() % corpus.size()];
    const auto& b = corpus[random() % corpus.size()];
    const uint64_t acceptedBefore = accepted();
    const std::vector<uint8_t> input =
        bytesOf(mutate(numbersOf(a.data(), a.size()), numbersOf(b.data(), b.size()), random));
    execute(input);
    ++executions;
    if (accepted() == acceptedBefore || random() % 4 != 0) continue;
    if (corpus.size() < 16 * given) {
      corpus.push_back(input);
    } else {
      corpus[given + random() % (corpus.size() - given)] = input;
    }
  }
  printf("%llu executions, %llu accepted\n", static_cast<unsigned long long>(executions),
         static_cast<unsigned long long>(accepted()));
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  std::string corpus;
  double seconds = 30;
  uint64_t seed = 1;
  std::vector<std::string> files;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    const auto value = [&](const char* name) -> const char* {
      return argument.rfind(name, 0) == 0 ? arguments[i] + strlen(name) : nullptr;
    };
    if (const char* folder = value("--corpus=")) {
      corpus = folder;
    } else if (const char* text = value("--seconds=")) {
      seconds = atof(text);
    } else if (const char* number = value("--seed=")) {
      seed = strtoull(number, nullptr, 10);
    } else if (const char* place = value("--crashes=")) {
      snprintf(crashFile, sizeof crashFile, "%s/crash-%d.bin", place, static_cast<int>(getpid()));
    } else {
      files.push_back(argument);
    }
  }
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  __sanitizer_set_death_callback(keepInput);
#else
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) signal(number, onSignal);
#endif
  signal(SIGABRT, onSignal);
  for (const std::string& file : files) execute(readFile(file));
  return corpus.empty() ? 0 : fuzz(corpus, seconds, seed);
}
