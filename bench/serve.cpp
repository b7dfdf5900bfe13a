#include "bench/serve.h"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <stdexcept>

namespace tenon::bench {
namespace {

using nlohmann::json;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Samples of at least 200 us each, so that the clock does not count; calls before to warm up, one of a long call.
json sample(const std::function<void()>& run, double seconds) {
  double begin = now(), once = 0;
  for (int warm = 0; warm < 3 && once < 0.02; ++warm) {
    begin = now();
    run();
    once = now() - begin;
  }
  const int inner = std::max(1, static_cast<int>(std::ceil(2e-4 / std::max(once, 1e-9))));
  std::vector<double> times;
  const double end = now() + seconds;
  while (times.size() < 3 || now() < end) {
    begin = now();
    for (int i = 0; i < inner; ++i) run();
    times.push_back((now() - begin) / inner);
  }
  std::sort(times.begin(), times.end());
  return {{"us", times[times.size() / 2] * 1e6}, {"best_us", times[0] * 1e6}, {"calls", times.size() * static_cast<std::size_t>(inner)}};
}

void write(const json& files, const std::vector<std::pair<const void*, std::size_t>>& blocks) {
  for (std::size_t i = 0; i < files.size() && i < blocks.size(); ++i) {
    std::ofstream file(files[i].get<std::string>(), std::ios::binary);
    file.write(static_cast<const char*>(blocks[i].first), static_cast<std::streamsize>(blocks[i].second));
    if (!file.flush()) throw std::runtime_error("cannot write " + files[i].get<std::string>());
  }
}

json answer(const json& request, const std::function<Prepared(const json&)>& prepare, Prepared& prepared) {
  const std::string what = request.at("do");
  if (what == "prepare") {
    prepared = Prepared();  // the old one's memory first
    prepared = prepare(request);
    prepared.run();
    write(request.value("write_inputs", json::array()), prepared.inputs);
    write(request.at("outputs"), prepared.outputs);
    json facts = prepared.facts;
    facts["ok"] = true;
    return facts;
  }
  if (!prepared.run) throw std::runtime_error("no case is prepared");
  if (what == "sample") return sample(prepared.run, request.at("seconds"));
  if (what == "ceiling" && prepared.ceiling) return {{"us", prepared.ceiling(request.at("seconds")) * 1e6}};
  throw std::runtime_error("cannot do " + what);
}

}  // namespace

int serve(const std::string& name, const std::string& version, const std::function<Prepared(const json&)>& prepare) {
  const auto say = [](const json& line) { std::cout << line.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl; };
  say({{"ready", name}, {"version", version}});
  Prepared prepared;
  for (std::string line; std::getline(std::cin, line);) {
    try {
      say(answer(json::parse(line), prepare, prepared));
    } catch (const std::exception& error) {
      say({{"error", error.what()}});
    }
  }
  return 0;
}

void pin(unsigned threads) {
  cpu_set_t set;
  if (threads > 1 || sched_getaffinity(0, sizeof set, &set) != 0) return;
  for (int cpu = CPU_SETSIZE; cpu-- > 0;)
    if (CPU_ISSET(cpu, &set)) {
      CPU_ZERO(&set);
      CPU_SET(cpu, &set);
      sched_setaffinity(0, sizeof set, &set);
      return;
    }
}

}  // namespace tenon::bench
