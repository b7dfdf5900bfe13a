// Where a run's results go: files, a folder, an archive, stdout.
#pragma once

#include <string>
#include <vector>

#include "tensors.h"

namespace tenon::cli {

// What the -o options ask for, checked before anything runs.
class ResultFiles {
 public:
  // specs: NAME=FILE.npy, FILE.npy (one output), FILE.safetensors, a folder, "-" (one output, .npy on stdout). Throws Failure.
  ResultFiles(const std::vector<std::string>& specs, const std::vector<Named>& outputs);

  bool empty() const { return sinks_.empty(); }
  bool to_stdout() const;
  // Writes each file whole or not at all. Returns the paths, for a note. views: in the program's order.
  std::vector<std::string> write(const std::vector<tenon_tensor_view>& views) const;

 private:
  struct Sink {
    enum class Kind { Npy, Safetensors, Stdout } kind;
    std::string path;
    std::size_t output = 0;
  };
  void add_named(std::size_t output, const std::string& path);
  void add_all(const std::string& spec);
  void add_folder(const std::string& folder);
  void add(Sink sink);

  const std::vector<Named>& outputs_;
  std::vector<Sink> sinks_;
  std::vector<std::string> folders_;  // to be made
};

}  // namespace tenon::cli
