// What kernels need from a thread pool. core/exec implements it over pthreadpool; a host may bring its own (tenon.h).
#pragma once

#include <cstddef>

namespace tenon {

class ThreadPool {
 public:
  virtual ~ThreadPool() = default;
  virtual int threads() const = 0;
  // Calls task(argument, begin, end, slot) over [0, count) in pieces of at least `grain`, and returns when all are done. slot is in
  // [0, threads()): the index of the worker's share of a workspace. Runs inline when called inside a region or when the pool is busy.
  using Task = void (*)(void* argument, std::size_t begin, std::size_t end, std::size_t slot);
  virtual void parallel_for(std::size_t count, std::size_t grain, Task task, void* argument) = 0;
};

}  // namespace tenon
