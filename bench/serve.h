// The protocol that every measured process speaks: a request per line on stdin, an answer per line on stdout, both JSON objects.
//
//   {"do": "prepare", "case": {..}, "inputs": [FILE..], "outputs": [FILE..]}   -> {"ok": true, ..} or {"error": TEXT}
//       builds the case, runs it once, and writes each result's bytes to its file
//   {"do": "sample", "seconds": S}    -> {"us": MEDIAN, "best_us": LEAST, "calls": N}
//   {"do": "ceiling", "seconds": S}   -> {"us": LEAST}, if the process knows the case's ceiling
//
// A process holds one case at a time. peers/serving.py is the same in Python.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace tenon::bench {

struct Prepared {
  std::function<void()> run;                                // one call
  std::function<double(double seconds)> ceiling;            // the least seconds of the ceiling's work; empty: not known
  std::vector<std::pair<const void*, std::size_t>> inputs;  // written to the files of the request, where it asks for that
  std::vector<std::pair<const void*, std::size_t>> outputs;
  nlohmann::json facts = nlohmann::json::object();  // beside "ok"
};

// Answers requests until stdin ends. What `prepare` throws is the answer's error.
int serve(const std::string& name, const std::string& version, const std::function<Prepared(const nlohmann::json& request)>& prepare);

// Pins the process to the CPUs that it may use: one thread to the last of them, which takes fewer interrupts than the first.
void pin(unsigned threads);

}  // namespace tenon::bench
