#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace xedgesim::sim {

/// Runs `task(i)` for i in [0, n) on the calling thread and `threads - 1` helpers and returns when all are
/// done. The order in which indices are taken must not matter to the caller.
class WorkerPool {
 public:
  explicit WorkerPool(unsigned threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  void run(size_t n, const std::function<void(size_t)>& task);

 private:
  void worker();
  void drain();

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable start_, done_;
  uint64_t round_ = 0;
  unsigned busy_ = 0;
  bool quit_ = false;
  const std::function<void(size_t)>* task_ = nullptr;
  size_t n_ = 0;
  std::atomic<size_t> next_{0};
};

}  // namespace xedgesim::sim
